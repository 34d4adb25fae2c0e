/* The five outcomes of moving bytes, the same for every transport and vessel.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef PROXY_IO_H
#define PROXY_IO_H

enum io {
    IO_MOVED,      /* something was done: bytes moved, the handshake is complete, the end is sent */
    IO_WANT_READ,  /* nothing can be done until the socket is readable */
    IO_WANT_WRITE, /* nothing can be done until the socket is writable */
    IO_END,        /* the peer has ended its direction: no byte will follow */
    IO_FAILED,     /* it is broken in this direction; connection->failure, or errno, tells why */
};

#endif
