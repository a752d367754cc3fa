#!/bin/sh
# Runs a command again and again while this pod leads its Service: TANIST_SERVICE=db leader.sh COMMAND...
# The command has the term in TANIST_TERM, and is killed when the grant expires. It needs curl, and timeout with fractions of a second.
set -u
url=${TANIST_GRANTS_URL:-http://tanist-grants.tanist-system}
service=${TANIST_SERVICE:?must be the name of the Service}
pod=${TANIST_POD:-$(hostname)}
session=$(cat /proc/sys/kernel/random/uuid)

# The time since the machine has started, in milliseconds. This clock does not stop while the machine is suspended, and nobody sets it.
now() {
    read -r seconds _ </proc/uptime
    echo "$(echo "$seconds" | tr -d .)0"
}

# Prints the value of a field of the answer, which has one Service. It is empty if the field is missing.
field() {
    printf %s "$answer" | sed -n "s/.*\"$1\":\"\{0,1\}\([^\",}]*\).*/\1/p"
}

while :; do
    sent=$(now) # before the request: the grant counts from when it is sent
    answer=$(curl --fail --silent --show-error --max-time 0.5 "$url/v1/me?service=$service&session=$session") || answer=
    valid=$(field validForMilliseconds)
    # An answer about another pod is void: this pod has its address.
    if [ -n "$valid" ] && [ "$(field pod)" = "$pod" ]; then
        left=$((sent + valid - $(now)))
        if [ "$left" -gt 0 ]; then
            TANIST_TERM=$(field term) timeout -s KILL "$((left / 1000)).$(printf %03d $((left % 1000)))" "$@"
        fi
    fi
    sleep 0.2
done
