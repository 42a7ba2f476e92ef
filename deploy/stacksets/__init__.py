"""StackSets: one template over many accounts and regions, previewed, rolled out wave by wave, watched, followed and put back.

`planning.py` and `rolling.py` name every step. `model.py` has the nouns; `scope.py`, `comparing.py`, `sampling.py`, `steps.py`, `limits.py` and
`tolerance.py` are pure; what asks AWS goes through `deploy.aws.stack_sets` in the account that administers the set, and through the plan role
in the accounts that it reaches.
"""
