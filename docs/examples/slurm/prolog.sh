#!/bin/sh
# Slurm TaskProlog or the first step of a batch script: brings the inputs of the job to local disk.
#
# A user writes job.yaml beside the batch script. The node must be able to reach the scratch disk, and its
# operator names it in transfers.stagePaths. Run twice (a requeued job), it finds the set that is there.
set -eu

: "${CAUSEWAY_URL:?the address of the node}"
: "${CAUSEWAY_TOKEN_FILE:=$HOME/.config/causeway/token}"
: "${STAGE_ROOT:=/scratch/causeway}"
export CAUSEWAY_URL CAUSEWAY_TOKEN_FILE

spec="${STAGE_SPEC:-$SLURM_SUBMIT_DIR/job.yaml}"
[ -f "$spec" ] || exit 0

dir="$STAGE_ROOT/$SLURM_JOB_USER-$SLURM_JOB_ID"
status=0
causeway stage in --spec "$spec" --dir "$dir" --label "slurm $SLURM_JOB_ID" --wait \
  --timeout "${STAGE_TIMEOUT:-86400}" >&2 || status=$?

# 3: something optional is missing; the job runs.
if [ "$status" -ne 0 ] && [ "$status" -ne 3 ]; then
  echo "causeway: the inputs of job $SLURM_JOB_ID did not come (exit code $status)" >&2
  exit 1
fi
# Lines that begin with "export" set the environment of the task.
echo "export STAGE_DIR=$dir"
