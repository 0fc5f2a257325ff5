"""Songs that survive anything: what was asked for, how far it is, what came of it. No torch, no HTTP."""
