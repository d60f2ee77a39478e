from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("core", "0001_initial")]

    operations = [
        migrations.CreateModel(
            name="Allowance",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("deed", models.CharField(max_length=40)),
                ("subject_hash", models.CharField(max_length=64)),
                ("window_start", models.DateTimeField()),
                ("count", models.PositiveIntegerField(default=0)),
            ],
            options={
                "indexes": [models.Index(fields=["window_start"], name="allowance_by_age")],
                "constraints": [models.UniqueConstraint(fields=("deed", "subject_hash", "window_start"), name="allowance_once")],
            },
        ),
    ]
