"""Learning from people's work.

A person's decision is a labelled example at once (`examples`): the next ticket's nearest neighbours see it. The classifier of a
field (`classifier`) is fitted anew in the background (`refreshing`). Every guess is kept with its outcome (`predictions`), which
calibrates what is shown and draws the learning page (`progress`). `policy` says what the engine may do by itself. A solved ticket
becomes a case that search votes with (`remembering`).
"""
