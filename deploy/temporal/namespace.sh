#!/bin/sh
# The namespace and what operators filter purchases by. Running it again changes nothing.
# TEMPORAL_ADDRESS and TEMPORAL_NAMESPACE say where, NAMESPACE_RETENTION how long what has ended
# can be looked at.
set -eu
tries=60
until temporal operator cluster health >/dev/null 2>&1; do
    tries=$((tries - 1))
    [ "$tries" -gt 0 ] || { echo "Temporal at $TEMPORAL_ADDRESS does not answer" >&2; exit 1; }
    sleep 1
done

temporal operator namespace describe >/dev/null 2>&1 ||
    temporal operator namespace create \
        --namespace "$TEMPORAL_NAMESPACE" --retention "$NAMESPACE_RETENTION"

# A server learns of a new namespace within some seconds.
tries=60
until known=$(temporal operator search-attribute list 2>/dev/null); do
    tries=$((tries - 1))
    [ "$tries" -gt 0 ] || { echo "namespace $TEMPORAL_NAMESPACE does not appear" >&2; exit 1; }
    sleep 1
done
attribute() {
    printf '%s\n' "$known" | grep -qw "$1" ||
        temporal operator search-attribute create --name "$1" --type "$2"
}
attribute MerchantId Keyword
attribute OrderId Keyword
attribute Currency Keyword
attribute EscrowStage Keyword
attribute AmountMinor Int
