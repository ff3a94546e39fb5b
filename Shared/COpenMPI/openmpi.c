// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

#include "COpenMPI.h"

#include <dlfcn.h>
#include <stdio.h>

enum { thread_funneled = 1, any_source = -1, longest_text = 256, unused_tag = 32767 };

static struct {
    void *handle;
    void *world, *byte, *errors_return;
    int (*init_thread)(int *, char ***, int, int *);
    int (*comm_rank)(void *, int *);
    int (*comm_size)(void *, int *);
    int (*set_errhandler)(void *, void *);
    int (*isend)(const void *, int, void *, int, int, void *, void **);
    int (*irecv)(void *, int, void *, int, int, void *, void **);
    int (*test)(void **, int *, void *);
    int (*iprobe)(int, int, void *, int *, void *);
    int (*finalize)(void);
    int (*error_string)(int, char *, int *);
} mpi;

static const char *missing;

static void *find(const char *name) {
    void *symbol = dlsym(mpi.handle, name);
    if (!symbol && !missing) missing = name;
    return symbol;
}

const char *cmpi_load(void) {
    if (mpi.handle) return missing;
    // Global: Open MPI's plugins look for its symbols.
    mpi.handle = dlopen("libmpi.so.40", RTLD_NOW | RTLD_GLOBAL);
    if (!mpi.handle) return dlerror();
    mpi.world = find("ompi_mpi_comm_world");
    mpi.byte = find("ompi_mpi_byte");
    mpi.errors_return = find("ompi_mpi_errors_return");
    mpi.init_thread = find("MPI_Init_thread");
    mpi.comm_rank = find("MPI_Comm_rank");
    mpi.comm_size = find("MPI_Comm_size");
    mpi.set_errhandler = find("MPI_Comm_set_errhandler");
    mpi.isend = find("MPI_Isend");
    mpi.irecv = find("MPI_Irecv");
    mpi.test = find("MPI_Test");
    mpi.iprobe = find("MPI_Iprobe");
    mpi.finalize = find("MPI_Finalize");
    mpi.error_string = find("MPI_Error_string");
    return missing;
}

int cmpi_start(int *rank, int *size) {
    int provided = 0;
    int code = mpi.init_thread(NULL, NULL, thread_funneled, &provided);
    if (!code) code = mpi.set_errhandler(mpi.world, mpi.errors_return);
    if (!code) code = mpi.comm_rank(mpi.world, rank);
    if (!code) code = mpi.comm_size(mpi.world, size);
    return code;
}

int cmpi_send(const void *bytes, int count, int peer, int tag, void **request) {
    return mpi.isend(bytes, count, mpi.byte, peer, tag, mpi.world, request);
}

int cmpi_receive(void *bytes, int count, int peer, int tag, void **request) {
    return mpi.irecv(bytes, count, mpi.byte, peer, tag, mpi.world, request);
}

int cmpi_test(void **request, int *done) { return mpi.test(request, done, NULL); }

int cmpi_progress(void) {
    int found = 0;
    return mpi.iprobe(any_source, unused_tag, mpi.world, &found, NULL);
}

int cmpi_finish(void) { return mpi.finalize(); }

void cmpi_text(int code, char *text, size_t size) {
    char buffer[longest_text + 1] = "";
    int length = 0;
    if (!mpi.error_string || mpi.error_string(code, buffer, &length)) buffer[0] = 0;
    snprintf(text, size, "%s", buffer[0] ? buffer : "unknown error");
}
