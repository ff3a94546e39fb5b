// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

// The few functions of Open MPI that this engine calls, found at run time.
//
// Nothing is linked and no header of MPI is needed to build: where the library is missing, everything but runs of several
// ranks works. Handles are pointers in Open MPI and its predefined ones are named symbols, the same in every release of
// libmpi.so.40 (4.0 and 4.1). Every function but cmpi_load answers 0, or an error that cmpi_text explains. After
// cmpi_start all calls are made by the thread that called it (MPI_THREAD_FUNNELED).

#ifndef COPENMPI_H
#define COPENMPI_H

#include <stddef.h>

/// Finds the library; NULL, or why it is not there.
const char *_Nullable cmpi_load(void);

/// MPI_Init_thread. Errors are returned from now on instead of ending the process.
int cmpi_start(int *_Nonnull rank, int *_Nonnull size);

/// MPI_Isend of bytes, which stay as they are until the request is done.
int cmpi_send(
    const void *_Nonnull bytes, int count, int peer, int tag, void *_Nullable *_Nonnull request);

/// MPI_Irecv of exactly as many bytes as are sent.
int cmpi_receive(void *_Nonnull bytes, int count, int peer, int tag, void *_Nullable *_Nonnull request);

/// MPI_Test: sets `done`, after which the request is gone.
int cmpi_test(void *_Nullable *_Nonnull request, int *_Nonnull done);

/// Lets messages move that no request waits for.
int cmpi_progress(void);

/// MPI_Finalize; waits for every other rank to do so.
int cmpi_finish(void);

/// What an error code means.
void cmpi_text(int code, char *_Nonnull text, size_t size);

#endif
