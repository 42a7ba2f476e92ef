"""Failing over: traffic moves to an environment's other region, and back.

gather(account, way)          facts of both regions; what cannot be asked is Unknown (`gathering.py`)
judge(facts)                  pure: a Readiness, every check ok, warns or refuses, and what is lost at most (`checks.py`)
Failover(...).run()           lock, record, switch, verify, record (`moving.py`)
"""
