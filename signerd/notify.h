// Word to the service manager that started signerd: sd_notify(3).
#pragma once

namespace signerd {

// One datagram to the socket that $NOTIFY_SOCKET names; nothing happens where it names none,
// or where nobody listens.
void notify_ready();
void notify_reloading();
void notify_stopping();

}  // namespace signerd
