"""Where decisions are carried out: one protocol, a backend each for the simulator and, later, real clusters."""
