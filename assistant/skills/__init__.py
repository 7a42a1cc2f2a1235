"""Pre-sale skills: each a pure module `advise(request, catalogue) -> advice` that says only what the catalogue holds.

Every advice has an `outcome` (a stable code), `asks` (the slots one question should fill, else empty), `text(lang)` and
`card(lang)`. Instants come in with the request; nothing here reads a clock.
"""
