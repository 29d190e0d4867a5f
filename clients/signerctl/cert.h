// What commands that are about certificates have in common.
#pragma once

#include <optional>
#include <string>

#include "clients/common/json.h"
#include "clients/common/output.h"
#include "clients/signerctl/common.h"

namespace signerctl {

// As signerd stores serials, from the forms in which other tools print them: colons, upper
// case, leading zeros. malformed when it is not hexadecimal of 1 to 20 octets.
pki::Result<std::string> normalise_serial(std::string_view text);

// One member of "certificates" in signerd's answer, for people: fields, then the PEM.
std::string certificate_text(const json_t* certificate);

// Prints certificates as they come, as a table or as the JSON of one answer, in which
// `after_json` follows the array: ",\"dry_run\":true".
class CertificatePrinter {
   public:
    explicit CertificatePrinter(bool json, std::string_view after_json = {});

    void add(const json_t* certificate);
    void end_page();
    void finish();

   private:
    Table table_;
    std::optional<JsonArrayPrinter> array_;
};

}  // namespace signerctl
