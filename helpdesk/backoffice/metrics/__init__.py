"""The company's figures, with one meaning each: what they count, since when, for which team and channel.

scope = Scope.of("7d", queue=billing)           # which tickets
reading.read(scope)                             # the numbers: past days from `rollup`, today from the tickets themselves
behind.tickets("solved", scope)                 # the tickets that a number counts
"""
