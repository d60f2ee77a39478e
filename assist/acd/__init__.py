"""Telephony systems (ACD): what each of them sends becomes the same few happenings of a call.

    receiving.receive(connection, incoming)      # verify, keep, understand, apply: the way of every webhook
      providers: twilio, genesys, avaya, pbx     # pure translators, one file each, behind `base.Provider`
      applying.apply(connection, happening)      # Ringing, Started, Said, Ended -> assist.calls.switchboard

Genesys Cloud may also be listened to: `listening` keeps a notification channel open for it. How to add a provider:
docs/adding-a-telephony-provider.md.
"""
