// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

// Tells the thread sanitizer what orders threads inside Swift's own libraries, which are not built with it. Linked into
// a program under the sanitizer, it makes four edges known, so that what is reported is a race of our code; without the
// sanitizer it is empty. `Tests/SanitizerProbe` shows that each edge is seen, and that none hides a race.

#if __has_feature(thread_sanitizer)

#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdbool.h>
#include <stdint.h>

void __tsan_acquire(void *address);
void __tsan_release(void *address);

// What we read here is the runtime's own.
#pragma clang attribute push(__attribute__((disable_sanitizer_instrumentation)), apply_to = function)

// 1. Tasks, actors, groups and continuations. The runtime tells the sanitizer of them by these pointers
// (swift/stdlib/public/runtime/ThreadSanitizer.cpp), which it only looks up when the sanitizer calls it at its start.
// On Linux it does not.
extern bool _swift_tsan_enabled;
extern void (*_swift_tsan_acquire)(void *);
extern void (*_swift_tsan_release)(void *);

// 2. Mutex. Its fast paths are compiled into our code, atomics the sanitizer sees; the slow ones, where threads contend,
// are in libswiftSynchronization and hand the lock over in the kernel. We stand before them.
#define SWIFT __attribute__((swiftcall))
#define SELF __attribute__((swift_context)) void *mutex
#define LOCK_SLOW "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"
#define TRY_LOCK_SLOW "$s15Synchronization12_MutexHandleV12_tryLockSlowSbyF"
#define UNLOCK_SLOW "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"

static SWIFT void (*real_lock_slow)(uint32_t state, SELF);
static SWIFT bool (*real_try_lock_slow)(SELF);
static SWIFT void (*real_unlock_slow)(SELF);

SWIFT void mutex_lock_slow(uint32_t state, SELF) __asm__(LOCK_SLOW);
SWIFT void mutex_lock_slow(uint32_t state, SELF) {
  real_lock_slow(state, mutex);
  __tsan_acquire(mutex);
}

SWIFT bool mutex_try_lock_slow(SELF) __asm__(TRY_LOCK_SLOW);
SWIFT bool mutex_try_lock_slow(SELF) {
  bool locked = real_try_lock_slow(mutex);
  if (locked) __tsan_acquire(mutex);
  return locked;
}

SWIFT void mutex_unlock_slow(SELF) __asm__(UNLOCK_SLOW);
SWIFT void mutex_unlock_slow(SELF) {
  __tsan_release(mutex);
  real_unlock_slow(mutex);
}

// 3. A continuation that is resumed before it is awaited. `swift_continuation_resume` releases the task, and whoever runs
// a suspended task acquires it; where the task was never suspended, `swift_continuation_await` goes straight on, by
// `resume` of its context, and acquires nothing. It goes by way of `resumed` here. A task that is suspended goes on by
// its own copy of `resume`, which `swift_continuation_init` made.
#define ASYNC __attribute__((swiftasynccall))
#define CONTEXT __attribute__((swift_async_context)) void *context

typedef ASYNC void (*Resume)(CONTEXT);
// The starts of ContinuationAsyncContext and of AsyncTask (swift/ABI/Task.h), which are part of Swift's stable ABI.
struct Continuation {
  void *parent;
  Resume resume;
};
struct Task {
  void *object[2];
  void *queue[2];
  uint64_t flags;
  void *reserved[2];
  Resume resume;
};

SWIFT struct Task *swift_task_getCurrent(void);
static ASYNC void (*real_await)(struct Continuation *continuation);

static ASYNC void resumed(CONTEXT) {
  struct Task *task = swift_task_getCurrent();
  __tsan_acquire(task);
  __attribute__((musttail)) return task->resume(context);
}

ASYNC void swift_continuation_await(struct Continuation *continuation) {
  continuation->resume = resumed;
  __attribute__((musttail)) return real_await(continuation);
}

// 4. Reference counts. What an owner did to an object comes before what the one owner that is left does, which is why
// copies on write need no lock. Our code asks the runtime whether there is one owner before it writes in place, and calls
// it to release.
struct Object {
  void *metadata;
  int64_t counts;
};
// swift/stdlib/public/SwiftShims/swift/shims/RefCount.h: the owners but one from bit 33 on; an object with a side table
// is negative, and one that lives for ever has all bits of the lower half.
#define OWNERS_BUT_ONE(counts) ((counts) >> 33)
#define LIVES_FOR_EVER(counts) ((uint32_t)(counts) == UINT32_MAX)
// A string's reference has flags in its highest byte, and is negative where it is no reference.
#define REFERENCE(bits) ((struct Object *)((bits) & 0x00FFFFFFFFFFFFF8))

static void (*real_release)(intptr_t object);
static void (*real_release_n)(intptr_t object, uint32_t count);
static void (*real_bridge_release)(intptr_t object);
static void (*real_bridge_release_n)(intptr_t object, uint32_t count);
static bool (*real_is_unique)(struct Object *object);
static bool (*real_is_unique_nonnull)(struct Object *object);

// Libraries that are loaded release objects before this program's constructors run.
__attribute__((constructor)) static void start(void) {
  if (real_release) return;
  _swift_tsan_acquire = __tsan_acquire;
  _swift_tsan_release = __tsan_release;
  _swift_tsan_enabled = true;
  real_lock_slow = dlsym(RTLD_NEXT, LOCK_SLOW);
  real_try_lock_slow = dlsym(RTLD_NEXT, TRY_LOCK_SLOW);
  real_unlock_slow = dlsym(RTLD_NEXT, UNLOCK_SLOW);
  real_await = dlsym(RTLD_NEXT, "swift_continuation_await");
  real_is_unique = dlsym(RTLD_NEXT, "swift_isUniquelyReferenced_native");
  real_is_unique_nonnull = dlsym(RTLD_NEXT, "swift_isUniquelyReferenced_nonNull_native");
  real_release = dlsym(RTLD_NEXT, "swift_release");
  real_release_n = dlsym(RTLD_NEXT, "swift_release_n");
  real_bridge_release = dlsym(RTLD_NEXT, "swift_bridgeObjectRelease");
  real_bridge_release_n = dlsym(RTLD_NEXT, "swift_bridgeObjectRelease_n");
}

static void before_release(intptr_t bits) {
  start();
  if (bits <= 0) return;
  struct Object *object = REFERENCE(bits);
  int64_t counts = __atomic_load_n(&object->counts, __ATOMIC_RELAXED);
  if (LIVES_FOR_EVER(counts)) return;
  if (OWNERS_BUT_ONE(counts) == 0)
    __tsan_acquire(object);
  else
    __tsan_release(object);
}

void swift_release(intptr_t object) {
  before_release(object);
  real_release(object);
}

void swift_release_n(intptr_t object, uint32_t count) {
  before_release(object);
  real_release_n(object, count);
}

void swift_bridgeObjectRelease(intptr_t object) {
  before_release(object);
  real_bridge_release(object);
}

void swift_bridgeObjectRelease_n(intptr_t object, uint32_t count) {
  before_release(object);
  real_bridge_release_n(object, count);
}

bool swift_isUniquelyReferenced_native(struct Object *object) {
  start();
  bool unique = real_is_unique(object);
  if (unique) __tsan_acquire(object);
  return unique;
}

bool swift_isUniquelyReferenced_nonNull_native(struct Object *object) {
  start();
  bool unique = real_is_unique_nonnull(object);
  if (unique) __tsan_acquire(object);
  return unique;
}

#pragma clang attribute pop

#endif
