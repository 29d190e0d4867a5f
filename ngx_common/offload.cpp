#include "ngx_common/offload.h"

#include <algorithm>
#include <exception>

#include "libpki/base/result.h"

namespace ngx_enroll {

namespace {

struct TaskContext {
    ngx_http_request_t* request;
    OffloadedWork* work;
    ngx_thread_pool_t* pool;
    ngx_thread_task_t* task;
    TaskContext* next;  // among those that wait
};

// Of this worker. Tasks live in the pools of requests that wait for them.
std::size_t running;
TaskContext* first_waiting;
TaskContext* last_waiting;

// A worker that shuts down leaves when it has no timer left, and a thread at work is none
// (ngx_event_no_timers_left): what was in threads would be cut off. So there is a timer for as
// long as there is work.
constexpr ngx_msec_t kStay = 60'000;
ngx_event_t stay;
ngx_connection_t nobody;  // where nginx's debug log looks for a descriptor

bool busy() { return running > 0 || first_waiting != nullptr; }

void stay_while_busy(ngx_event_t* event) {
    if (!busy()) return;
    event->handler = stay_while_busy;
    event->data = &nobody;
    event->log = ngx_cycle->log;
    ngx_add_timer(event, kStay);
}

// The pool's threads want the processor as much as the event loop does, and there are 32 of
// them by default: with all of them at work it would be served last, and with it every other
// request.
std::size_t most_running() {
    const auto* core =
        reinterpret_cast<ngx_core_conf_t*>(ngx_get_conf(ngx_cycle->conf_ctx, ngx_core_module));
    const ngx_int_t workers = std::max<ngx_int_t>(core->worker_processes, 1);
    return static_cast<std::size_t>(std::max<ngx_int_t>((ngx_ncpu + workers - 1) / workers, 2));
}

bool post(TaskContext& context) {
    if (ngx_thread_task_post(context.pool, context.task) != NGX_OK) return false;
    running++;
    return true;
}

void wait_for_thread(TaskContext& context) {
    (first_waiting == nullptr ? first_waiting : last_waiting->next) = &context;
    last_waiting = &context;
}

void finish(TaskContext& context);

// One that the pool has no room for is done here and now: its request counts on it.
void start_waiting() {
    while (first_waiting != nullptr && running < most_running()) {
        TaskContext& context = *first_waiting;
        first_waiting = context.next;
        if (post(context)) continue;
        context.work->run();
        finish(context);
    }
}

void run_in_thread(void* data, ngx_log_t*) { static_cast<TaskContext*>(data)->work->run(); }

// The request's write event handler while the thread works: a write event of the
// connection may call it before the work is finished, and a request that was ended
// meanwhile has replaced it.
void resume(ngx_http_request_t* r);

void finish(TaskContext& context) {
    ngx_http_request_t* r = context.request;
    ngx_connection_t* c = r->connection;
    ngx_http_set_log_request(c->log, r);
    r->main->blocked--;
    r->aio = 0;
    context.work->finished = true;
    r->write_event_handler(r);
    ngx_http_run_posted_requests(c);
}

void on_finished(ngx_event_t* event) {
    running--;
    finish(*static_cast<TaskContext*>(event->data));
    start_waiting();
    if (!busy() && stay.timer_set) ngx_del_timer(&stay);
}

// Where resume() finds the work, since nginx gives it the request only: among the cleanups
// of the pool, which a request shares with its subrequests.
void keep_pending(void* data) { static_cast<TaskContext*>(data)->work = nullptr; }

OffloadedWork* pending_work(ngx_http_request_t* r) {
    for (ngx_pool_cleanup_t* cleanup = r->pool->cleanup; cleanup != nullptr;
         cleanup = cleanup->next) {
        if (cleanup->handler != keep_pending) continue;
        const auto* pending = static_cast<TaskContext*>(cleanup->data);
        if (pending->request == r) return pending->work;
    }
    return nullptr;
}

void resume(ngx_http_request_t* r) {
    OffloadedWork* work = pending_work(r);
    if (work == nullptr || !work->finished) return;
    r->write_event_handler = ngx_http_request_empty_handler;
    work->done(r);
}

}  // namespace

void OffloadedWork::run() noexcept {
    try {
        work();
    } catch (const std::exception&) {
        failed(pki::fail(pki::Errc::internal, "out of memory"));
    }
}

ngx_thread_pool_t* offload_pool(ngx_conf_t* cf) { return ngx_thread_pool_add(cf, nullptr); }

ngx_int_t offload(ngx_http_request_t* r, ngx_thread_pool_t* pool, OffloadedWork& work) {
    ngx_thread_task_t* task = ngx_thread_task_alloc(r->pool, sizeof(TaskContext));
    ngx_pool_cleanup_t* cleanup = ngx_pool_cleanup_add(r->pool, sizeof(TaskContext));
    if (task == nullptr || cleanup == nullptr) return NGX_HTTP_INTERNAL_SERVER_ERROR;
    auto& context = *static_cast<TaskContext*>(task->ctx);
    context = {r, &work, pool, task, nullptr};
    *static_cast<TaskContext*>(cleanup->data) = context;
    cleanup->handler = keep_pending;
    task->handler = run_in_thread;
    task->event.handler = on_finished;
    task->event.data = task->ctx;
    if (running >= most_running())
        wait_for_thread(context);
    else if (!post(context))
        return NGX_HTTP_SERVICE_UNAVAILABLE;
    if (!stay.timer_set) stay_while_busy(&stay);
    r->main->blocked++;
    r->aio = 1;
    r->write_event_handler = resume;
    return NGX_DONE;
}

}  // namespace ngx_enroll
