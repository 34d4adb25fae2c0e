/* The description that stands in the program itself: what runs when nothing is asked for.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "conf/embedded.h"

const char embedded_conf[] =
    "{\n"
    "  \"listeners\": [ {\n"
    "    \"name\": \"demo\", \"address\": \"127.0.0.1:8443\", \"upstream\": \"@demo\",\n"
    "    \"tls\": { \"certificates\": [\n"
    "      { \"chain\": \"${SPLICED_DEMO_CHAIN}\", \"key\": \"${SPLICED_DEMO_KEY}\" }\n"
    "    ] }\n"
    "  } ],\n"
    "  \"upstreams\": [],\n"
    "  \"admin\": { \"listen\": [ { \"address\": \"127.0.0.1:9902\", \"access\": \"read\" } ] }\n"
    "}\n";
