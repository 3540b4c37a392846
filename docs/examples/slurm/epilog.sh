#!/bin/sh
# Slurm TaskEpilog or the last step of a batch script: takes the outputs of the job away.
#
# When outputs could not go, the directory is kept: run it again, or "causeway stage purge --dir DIR".
set -eu

: "${CAUSEWAY_URL:?the address of the node}"
: "${CAUSEWAY_TOKEN_FILE:=$HOME/.config/causeway/token}"
: "${STAGE_ROOT:=/scratch/causeway}"
export CAUSEWAY_URL CAUSEWAY_TOKEN_FILE

spec="${STAGE_SPEC:-$SLURM_SUBMIT_DIR/job.yaml}"
[ -f "$spec" ] || exit 0

dir="$STAGE_ROOT/$SLURM_JOB_USER-$SLURM_JOB_ID"
failed=""
[ "${SLURM_JOB_EXIT_CODE:-${SLURM_SCRIPT_EXIT_CODE:-0}}" = "0" ] || failed="--failed"

status=0
# shellcheck disable=SC2086
causeway stage out --dir "$dir" $failed --wait --timeout "${STAGE_TIMEOUT:-86400}" >&2 || status=$?
[ "$status" -eq 3 ] && status=0
exit "$status"
