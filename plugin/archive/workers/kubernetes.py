"""Not tried: a cluster on Kubernetes by ``dask-kubernetes`` (with its operator installed), and the address to use.

    python kubernetes.py registry.example/phaseaware-worker 200

Then, where the address can be reached: ``phaseaware process s3://archive/in -o s3://archive/out --cluster tcp://…``.
"""

import sys

from dask_kubernetes.operator import KubeCluster

image, workers = sys.argv[1], int(sys.argv[2])
with KubeCluster(
    name="phaseaware", image=image, n_workers=workers, worker_command="dask worker --nthreads 1",
    resources={"requests": {"cpu": "1", "memory": "1Gi"}, "limits": {"memory": "2Gi"}},
    env={"AWS_DEFAULT_REGION": "eu-central-1"},  # credentials: a service account, not here
) as cluster:  # fmt: skip
    print(cluster.scheduler_address, flush=True)
    input("Enter ends the cluster. ")
