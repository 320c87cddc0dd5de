"""Not tried: a cluster on SLURM by ``dask-jobqueue``, and the file that ``--cluster`` takes.

    python slurm.py 200

Then on any machine that sees the folder: ``phaseaware process in/ -o out/ --cluster scheduler.json --resume``.
"""

import sys
from pathlib import Path

from dask_jobqueue import SLURMCluster

workers = int(sys.argv[1])
with SLURMCluster(
    cores=8, processes=8, memory="12GB", walltime="12:00:00", local_directory="$TMPDIR",
    job_script_prologue=["source ~/phaseaware/bin/activate"],
) as cluster:  # fmt: skip
    cluster.scale(workers)
    Path("scheduler.json").write_text(f'{{"address": "{cluster.scheduler_address}"}}')
    input("Enter ends the cluster. ")
