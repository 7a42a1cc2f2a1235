"""Every decision table a second time, in the plainest Python, written from the rules' prose and not from the tables.

Slow and long-winded on purpose. Each telling takes the complete facts of one case and returns what must come of it;
`compare.py` holds it against the packs, on facts that `generate.py` draws at and beside the marks where rules turn.
"""
