#include "ngx_common/first_in_cycle.h"

#include "ngx_common/pool.h"

namespace ngx_enroll {

namespace {

// Goes with the configuration.
class Known {
   public:
    Known(const ngx_cycle_t*& known, const ngx_cycle_t* cycle) : known_(known), cycle_(cycle) {
        known_ = cycle;
    }
    ~Known() {
        if (known_ == cycle_) known_ = nullptr;
    }
    Known(const Known&) = delete;
    Known& operator=(const Known&) = delete;

   private:
    const ngx_cycle_t*& known_;
    const ngx_cycle_t* cycle_;
};

}  // namespace

bool first_in_cycle(ngx_conf_t* cf, const ngx_cycle_t*& cycle) {
    if (cycle == cf->cycle) return false;
    new_in_pool<Known>(cf->cycle->pool, cycle, cf->cycle);
    return true;
}

}  // namespace ngx_enroll
