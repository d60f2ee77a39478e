from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("assist", "0023_ticket_summary")]

    operations = [
        migrations.AlterField(
            model_name="experiment",
            name="feature",
            field=models.CharField(
                choices=[("reply", "Reply drafts"), ("chat", "Answers in chat"), ("ticket-summary", "Summaries of tickets")],
                default="reply",
                max_length=20,
                verbose_name="feature",
            ),
        ),
        migrations.AlterField(
            model_name="experiment",
            name="unit",
            field=models.CharField(
                choices=[("ticket", "Ticket"), ("chat", "Conversation"), ("customer", "Customer")],
                default="ticket",
                max_length=10,
                verbose_name="split by",
            ),
        ),
        migrations.AlterField(
            model_name="experiment",
            name="metric",
            field=models.CharField(
                choices=[
                    ("acceptance", "Drafts accepted"),
                    ("edit", "Edit distance of what was sent"),
                    ("answered", "Chats answered without a person"),
                    ("handed_over", "Chats handed over"),
                    ("satisfaction", "Satisfaction"),
                    ("resolution", "Hours until solved"),
                ],
                default="acceptance",
                max_length=14,
                verbose_name="metric",
            ),
        ),
    ]
