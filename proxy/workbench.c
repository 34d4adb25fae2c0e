/* What a worker lends to whoever is at work in it: big scratch memory and pipes. Nobody keeps any of it
 * across a turn.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "proxy/workbench.h"

#include "conf/text.h"

#include <stdlib.h>

char *workbench_begin(struct workbench *bench, unsigned slot, unsigned max_pipes)
{
    *bench = (struct workbench){.slot = slot};
    pipe_pool_begin(&bench->pipes, max_pipes);
    bench->plain = malloc(WORKBENCH_PLAIN);
    bench->cipher_in = malloc(WORKBENCH_CIPHER);
    bench->cipher_out = malloc(WORKBENCH_CIPHER);
    if (bench->plain && bench->cipher_in && bench->cipher_out)
        return NULL;
    workbench_end(bench);
    return text_format("no memory for a worker's buffers");
}

void workbench_end(struct workbench *bench)
{
    pipe_pool_end(&bench->pipes);
    free(bench->plain);
    free(bench->cipher_in);
    free(bench->cipher_out);
    *bench = (struct workbench){0};
}
