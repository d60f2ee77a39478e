"""Pages of the roof room."""

from django.urls import path

from . import ai, keys, people, retention, telephony, webhooks, widget

urlpatterns = [
    path("settings/people/", people.index, name="people"),
    path("settings/people/<uuid:user_id>/", people.person, name="person"),
    path("settings/people/<uuid:user_id>/resend/", people.resend, name="person-resend"),
    path("settings/people/<uuid:user_id>/revoke/", people.revoke, name="person-revoke"),
    path("settings/people/<uuid:user_id>/deactivate/", people.deactivate, name="person-deactivate"),
    path("settings/people/<uuid:user_id>/second-step/", people.reset_second_step, name="person-second-step"),
    path("settings/people/<uuid:user_id>/reactivate/", people.reactivate, name="person-reactivate"),
    path("settings/ai/", ai.index, name="ai"),
    path("settings/ai/test/", ai.test, name="ai-test"),
    path("settings/ai/forget/", ai.forget, name="ai-forget"),
    path("settings/ai/prompts/<slug:prompt_name>/", ai.prompt, name="ai-prompt"),
    path("settings/api-keys/", keys.index, name="api-keys"),
    path("settings/api-keys/<uuid:key_id>/", keys.one, name="api-key"),
    path("settings/api-keys/<uuid:key_id>/renew/", keys.renew, name="api-key-renew"),
    path("settings/api-keys/<uuid:key_id>/revoke/", keys.revoke, name="api-key-revoke"),
    path("settings/webhooks/", webhooks.index, name="webhooks"),
    path("settings/webhooks/<uuid:webhook_id>/", webhooks.one, name="webhook"),
    path("settings/webhooks/<uuid:webhook_id>/test/", webhooks.test, name="webhook-test"),
    path("settings/webhooks/<uuid:webhook_id>/secret/", webhooks.secret, name="webhook-secret"),
    path("settings/webhooks/<uuid:webhook_id>/remove/", webhooks.remove, name="webhook-remove"),
    path("settings/webhooks/<uuid:webhook_id>/deliveries/<uuid:delivery_id>/", webhooks.delivery, name="webhook-delivery"),
    path("settings/webhooks/<uuid:webhook_id>/deliveries/<uuid:delivery_id>/replay/", webhooks.replay, name="webhook-replay"),
    path("settings/retention/", retention.index, name="retention"),
    path("settings/telephony/", telephony.index, name="telephony"),
    path("settings/telephony/<uuid:connection_id>/", telephony.connection, name="telephony-connection"),
    path("settings/telephony/<uuid:connection_id>/arrived/", telephony.arrived, name="telephony-arrived"),
    path("settings/telephony/<uuid:connection_id>/play/", telephony.play, name="telephony-play"),
    path("settings/telephony/<uuid:connection_id>/address/", telephony.renew, name="telephony-renew"),
    path("settings/telephony/<uuid:connection_id>/remove/", telephony.remove, name="telephony-remove"),
    path("settings/widget/", widget.index, name="widget-sites"),
    path("settings/widget/<uuid:site_id>/", widget.site, name="widget-site"),
    path("settings/widget/<uuid:site_id>/secret/", widget.renew, name="widget-renew"),
    path("settings/widget/<uuid:site_id>/remove/", widget.remove, name="widget-remove"),
]
