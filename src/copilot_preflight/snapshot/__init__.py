"""A folder of the account's answers: the read-only calls that decide what no file says.

Knows: which call of AWS answers which missing fact, what an answer leads to, what is never written.
Does not know: how a folder of answers is read by a check, the command line.
"""
