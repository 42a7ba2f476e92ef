"""The verbs, by what people want; each is a module of its own, imported only when it is called."""

from __future__ import annotations

VERBS: dict[str, dict[str, str]] = {
    "Every day": {
        "plan": "Review what a deployment would change, and seal it.",
        "apply": "Execute exactly what a plan holds.",
        "up": "Plan, review, ask and apply in one.",
        "status": "Say what runs, since when, and whether somebody works on it.",
        "diff": "Compare the deployed templates with the built ones.",
        "history": "List what was done, when, by whom, and how it ended.",
    },
    "Guard": {
        "verify": "Run an environment's checks now.",
        "cancel": "Stop what runs, the right way for its state.",
        "rollback": "Go back to an earlier release, by a reviewed plan.",
        "recover": "Say where stuck stacks stand, and take one way out.",
        "rehearse": "Play what can go wrong, and say whether the product keeps its word.",
    },
    "Move": {
        "parity": "Prove that environments differ in nothing but the fields of their files.",
        "promote": "Carry a release to the next environment, once every gate holds.",
    },
    "Watch": {
        "drift": "Compare what runs with its templates, and accept a difference until a date.",
        "config": "Look at the runtime configuration, and change it without a deployment.",
    },
    "Reach": {
        "stackset": "Roll a template out over accounts and regions, and look after it.",
        "gc": "Remove what was published and is needed no more.",
    },
    "Set up": {
        "bootstrap": "Make what must stand in an account before its first deployment.",
        "publish": "Put templates and assets into the artifact bucket.",
        "local": "Start, stop, reset or look at the local AWS.",
        "destroy": "Delete an environment's stacks, and say what stays.",
        "completion": "Print what makes a shell complete the verbs.",
    },
}
