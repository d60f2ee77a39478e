"""Celery: the schedule, and settings under which a killed worker loses nothing (reference/stack.md, traps 11 and 12)."""

from __future__ import annotations

from datetime import timedelta

from kombu import Queue

from .env import env

CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TASK_DEFAULT_QUEUE = "helpdesk"
# Subscribers that think for long have a queue of their own: mail becomes a ticket at once, however much there is to understand.
# Those that wait for a language model have another: however slow a provider is, the local engine's draft stands within seconds.
CELERY_TASK_QUEUES = (Queue("helpdesk"), Queue("thinking"), Queue("asking"))
THINKING = ("helpdesk.core.tasks.handle", "assist.calls.rounds.assist_the_waiting", "assist.tasks.work_on_batch")
ASKING = ("helpdesk.core.tasks.ask_model", "customers.tasks.summarise_memories", "assist.calls.wording.word_the_best")
CELERY_TASK_ROUTES = {name: {"queue": "thinking"} for name in THINKING} | {name: {"queue": "asking"} for name in ASKING}
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULER = "django_celery_beat.schedulers:DatabaseScheduler"

EVENT_SWEEP_AFTER_SECONDS = env.int("EVENT_SWEEP_AFTER_SECONDS", default=30)  # then a lost bell is rung again
# Then a killed worker's work is taken up. A slower subscriber may run twice, and is written for it.
EVENT_LEASE_SECONDS = env.int("EVENT_LEASE_SECONDS", default=60)

CELERY_BEAT_SCHEDULE = {
    "events left behind": {"task": "helpdesk.core.tasks.sweep_events", "schedule": timedelta(seconds=10), "options": {"expires": 30}},
    "seal the audit": {"task": "helpdesk.core.tasks.seal_audit", "schedule": timedelta(seconds=10), "options": {"expires": 10}},
    "seal the readings": {"task": "customers.tasks.seal_readings", "schedule": timedelta(seconds=60), "options": {"expires": 60}},
    "anchor the audit": {"task": "helpdesk.core.tasks.anchor_audit", "schedule": timedelta(hours=24), "options": {"expires": 3600}},
    "mail left behind": {"task": "tickets.tasks.deliver_the_forgotten", "schedule": timedelta(seconds=10), "options": {"expires": 30}},
    "replies to many": {"task": "tickets.rounds.replies_left_behind", "schedule": timedelta(seconds=10), "options": {"expires": 20}},
    "ask how it went": {"task": "tickets.tasks.ask_how_it_went", "schedule": timedelta(minutes=5), "options": {"expires": 240}},
    "notices by mail": {"task": "tickets.rounds.mail_notices", "schedule": timedelta(seconds=60), "options": {"expires": 60}},
    "notices in chat": {"task": "tickets.rounds.post_notices", "schedule": timedelta(seconds=20), "options": {"expires": 20}},
    "rules by the clock": {"task": "tickets.rounds.rules_by_the_clock", "schedule": timedelta(seconds=60), "options": {"expires": 60}},
    "promises to customers": {"task": "tickets.tasks.watch_sla", "schedule": timedelta(seconds=15), "options": {"expires": 30}},
    "tickets nobody has": {"task": "tickets.tasks.give_out_tickets", "schedule": timedelta(seconds=15), "options": {"expires": 30}},
    "escalations nobody took": {"task": "tickets.tasks.climb_escalations", "schedule": timedelta(seconds=30), "options": {"expires": 60}},
    "fetch mail": {"task": "tickets.tasks.fetch_mail", "schedule": timedelta(seconds=60), "options": {"expires": 120}},
    "old traces": {"task": "helpdesk.core.tasks.forget_old_traces", "schedule": timedelta(hours=1)},
    "articles left behind": {"task": "knowledge.tasks.index_the_forgotten", "schedule": timedelta(seconds=60), "options": {"expires": 120}},
    "tell the CRM": {"task": "customers.tasks.tell_crm", "schedule": timedelta(seconds=20), "options": {"expires": 30}},
    "hear from the CRM": {"task": "customers.tasks.sync_crm", "schedule": timedelta(minutes=5), "options": {"expires": 300}},
    "memories left behind": {"task": "customers.tasks.read_memories", "schedule": timedelta(seconds=60), "options": {"expires": 60}},
    "long memories": {"task": "customers.tasks.summarise_memories", "schedule": timedelta(minutes=5), "options": {"expires": 240}},
    "exports": {"task": "customers.tasks.make_exports", "schedule": timedelta(seconds=60), "options": {"expires": 60}},
    "erasures": {"task": "customers.tasks.erase_ordered", "schedule": timedelta(seconds=60), "options": {"expires": 60}},
    "retention": {"task": "customers.tasks.forget_the_old", "schedule": timedelta(hours=6), "options": {"expires": 3600}},
    "telephony events left behind": {
        "task": "assist.tasks.take_up_telephony_events",
        "schedule": timedelta(seconds=10),
        "options": {"expires": 30},
    },
    "old telephony events": {"task": "assist.tasks.forget_telephony_events", "schedule": timedelta(hours=1)},
    "words of the articles": {"task": "knowledge.tasks.refresh_words", "schedule": timedelta(hours=12), "options": {"expires": 3600}},
    "cases of solved tickets": {
        "task": "assist.tasks.remember_solved_tickets",
        "schedule": timedelta(minutes=5),
        "options": {"expires": 300},
    },
    "backlogs left behind": {"task": "assist.tasks.batches_left_behind", "schedule": timedelta(seconds=10), "options": {"expires": 20}},
    "learn": {"task": "assist.tasks.refresh_what_was_learned", "schedule": timedelta(seconds=60), "options": {"expires": 60}},
    "bars of confidence": {"task": "assist.tasks.choose_bars", "schedule": timedelta(hours=1), "options": {"expires": 3600}},
    "guards of experiments": {"task": "assist.tasks.watch_experiments", "schedule": timedelta(minutes=2), "options": {"expires": 100}},
    "calls left behind": {"task": "assist.calls.rounds.assist_the_waiting", "schedule": timedelta(seconds=5), "options": {"expires": 10}},
    "quiet chats": {"task": "assist.tasks.remember_quiet_chats", "schedule": timedelta(minutes=5), "options": {"expires": 240}},
    "new embeddings": {"task": "helpdesk.core.tasks.change_embeddings", "schedule": timedelta(seconds=120), "options": {"expires": 110}},
    "old searches": {"task": "knowledge.tasks.forget_old_searches", "schedule": timedelta(hours=6)},
    "articles to read again": {"task": "knowledge.tasks.remind_owners", "schedule": timedelta(hours=12)},
    "webhooks left behind": {
        "task": "helpdesk.partners.tasks.webhooks_left_behind",
        "schedule": timedelta(seconds=10),
        "options": {"expires": 20},
    },
    "old deliveries": {"task": "helpdesk.partners.tasks.forget_deliveries", "schedule": timedelta(hours=1), "options": {"expires": 3600}},
    "figures": {"task": "helpdesk.tasks.count_figures", "schedule": timedelta(seconds=60), "options": {"expires": 50}},
    "all figures": {"task": "helpdesk.tasks.count_all_figures", "schedule": timedelta(hours=24), "options": {"expires": 3600}},
    "alerts": {"task": "helpdesk.tasks.evaluate_alerts", "schedule": timedelta(seconds=60), "options": {"expires": 50}},
    "budgets": {"task": "helpdesk.tasks.watch_budgets", "schedule": timedelta(minutes=5), "options": {"expires": 240}},
    "reports": {"task": "helpdesk.tasks.send_reports", "schedule": timedelta(minutes=10), "options": {"expires": 500}},
    "heartbeat": {"task": "helpdesk.core.tasks.heartbeat", "schedule": timedelta(seconds=15), "options": {"expires": 30}},
}
