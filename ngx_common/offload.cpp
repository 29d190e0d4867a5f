#include "ngx_common/offload.h"

namespace ngx_enroll {

namespace {

struct TaskContext {
    ngx_http_request_t* request;
    OffloadedWork* work;
};

void run_in_thread(void* data, ngx_log_t*) { static_cast<TaskContext*>(data)->work->run(); }

// The request's write event handler while the thread works: a write event of the
// connection may call it before the work is finished, and a request that was ended
// meanwhile has replaced it.
void resume(ngx_http_request_t* r);

void on_finished(ngx_event_t* event) {
    auto* context = static_cast<TaskContext*>(event->data);
    ngx_http_request_t* r = context->request;
    ngx_connection_t* c = r->connection;
    ngx_http_set_log_request(c->log, r);
    r->main->blocked--;
    r->aio = 0;
    context->work->finished = true;
    r->write_event_handler(r);
    ngx_http_run_posted_requests(c);
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

ngx_thread_pool_t* offload_pool(ngx_conf_t* cf) { return ngx_thread_pool_add(cf, nullptr); }

ngx_int_t offload(ngx_http_request_t* r, ngx_thread_pool_t* pool, OffloadedWork& work) {
    ngx_thread_task_t* task = ngx_thread_task_alloc(r->pool, sizeof(TaskContext));
    ngx_pool_cleanup_t* cleanup = ngx_pool_cleanup_add(r->pool, sizeof(TaskContext));
    if (task == nullptr || cleanup == nullptr) return NGX_HTTP_INTERNAL_SERVER_ERROR;
    *static_cast<TaskContext*>(task->ctx) = {r, &work};
    *static_cast<TaskContext*>(cleanup->data) = {r, &work};
    cleanup->handler = keep_pending;
    task->handler = run_in_thread;
    task->event.handler = on_finished;
    task->event.data = task->ctx;
    if (ngx_thread_task_post(pool, task) != NGX_OK) return NGX_HTTP_SERVICE_UNAVAILABLE;
    r->main->blocked++;
    r->aio = 1;
    r->write_event_handler = resume;
    return NGX_DONE;
}

}  // namespace ngx_enroll
