#!/bin/sh
# Holds the alert rules for Prometheus to the metrics that there are and, where promtool is installed, to Prometheus' own
# reading of them and to tests/alerts.yml.
# SPDX-License-Identifier: BSD-2-Clause
#
#   tests/check_alerts.sh [ROOT]
set -eu
cd "${1:-$(dirname "$0")/..}"
PATH=$PATH:${PROMTOOL_FOLDER:-/nonexistent}
wrong=0
metrics=$(sed -n 's/^    {"\([a-z_]*\)", \(counter\|gauge\|histogram\),.*/\1/p' admin/metrics.c)
for name in $(grep -o 'spliced_[a-z_]*' conf/alerts.yml | sort -u); do
    family=${name#spliced_}
    case " $(echo $metrics) " in
    *" $family "* | *" ${family%_bucket} "*) ;;
    *) echo "conf/alerts.yml: there is no metric $name" && wrong=1 ;;
    esac
done
if command -v promtool >/dev/null; then
    promtool check rules conf/alerts.yml || wrong=1
    promtool test rules tests/alerts.yml || wrong=1
else
    echo "promtool is not installed (package prometheus): the rules' syntax and arithmetic are not checked"
fi
exit $wrong
