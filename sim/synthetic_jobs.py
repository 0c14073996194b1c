"""The bundled generator of workloads: when jobs come, how long they run and what they ask for.

The parameters in `synthetic_jobs.json` were fitted by `bench/fit_synthetic.py` to public traces:

- duration and CPUs to the PAI trace in GAIA's form (Alibaba's GPU cluster of 2020; jobs of 5 min to
  72 h; its "CPUs" are a size, one in three jobs of four). Classes of CPU count have their share, their
  counts with weights, and their own durations: exp of a curve, linear between its values at the
  probabilities `PROBABILITIES`. Longer jobs among the larger ones are kept that way;
- GPUs and memory a CPU to Alibaba's GPU cluster trace of 2023: the chance of none, of a share of a card
  and of one card for jobs of up to `FEW_CPUS` CPUs, above them, and the lognormal of GB a CPU. Cards
  do not follow from CPUs in that trace beyond this, and the two traces share no job: the pairing of
  duration and GPU is ours;
- the daily and weekly cycle to the submissions of the SURF Lisa cluster in 2022, a national research
  facility in the Netherlands, whose submit times are real (those of PAI are not calendar time).

Not fitted: bursts (submissions are independent given the cycle, real ones come in arrays), users,
and whatever the scenario sets: slack, homes, priorities, labels.
"""
