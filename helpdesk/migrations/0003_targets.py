from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("helpdesk", "0002_waits_in_business_hours")]

    operations = [
        migrations.CreateModel(
            "FigureTarget",
            [
                ("figure", models.CharField(max_length=20, primary_key=True, serialize=False)),
                ("value", models.FloatField(verbose_name="target")),
            ],
            options={"verbose_name": "target of a figure"},
        ),
    ]
