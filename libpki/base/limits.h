// Every bound on what the network may send, in one place, with its reason.
// A parser takes its bound from here and nowhere else.
#pragma once

#include <cstddef>
#include <cstdint>

namespace pki::limits {

// A PKCS#10 with an ML-DSA-87 key and signature is about 8 KiB and one with
// SLH-DSA-256f about 50 KiB; nothing that a device sends is larger.
constexpr std::size_t kCsr = 64 * 1024;

// A client certificate; post-quantum ones included.
constexpr std::size_t kCertificate = 64 * 1024;

// Base64 of kCsr with a line break every 64 characters, armour, and some air.
constexpr std::size_t kBody = 96 * 1024;

// Certificates in one chain or CMS certificate set.
constexpr std::size_t kChain = 16;

constexpr std::size_t kRdns = 32;             // RDNs in one name
constexpr std::size_t kAttributeValue = 512;  // bytes of one name attribute
constexpr std::size_t kGeneralNames = 100;    // names in one subjectAltName
constexpr std::size_t kName = 24 * 1024;      // one name: kRdns values and what is around them
constexpr std::size_t kExtensions = 32;       // extensions in one request or certificate
constexpr std::size_t kCsrAttributes = 32;    // attributes in one PKCS#10

constexpr std::size_t kRsaMaxBits = 8192;     // verification time grows with the square
constexpr std::size_t kRsaExponentBits = 64;  // a huge e makes verification a CPU attack

// A SCEP message: SignedData with certificates around EnvelopedData around a CSR.
constexpr std::size_t kScepMessage = 160 * 1024;
constexpr std::size_t kScepTransaction = 255;  // octets of a transactionID
constexpr std::size_t kScepNonce = 64;      // octets of a senderNonce; RFC 8894 3.2.1.5 has 16
constexpr std::size_t kScepFailText = 255;  // octets of a failInfoText

// A CMP message: a request, the certificates of its signer, and what an RA puts around it.
constexpr std::size_t kCmpMessage = 192 * 1024;
constexpr std::size_t kCmpNested = 16;        // messages in one that nests them, one level deep
constexpr std::size_t kCmpTransaction = 128;  // octets of a transactionID; RFC 9810 has 16
constexpr std::size_t kCmpNonce = 64;         // octets of a nonce; RFC 9483 3.1 has 16 and more
constexpr std::size_t kCmpReference = 128;    // octets of a senderKID
constexpr std::size_t kCmpInfos = 16;         // InfoTypeAndValues in one header or genm
constexpr std::size_t kCmpFreeText = 8;       // texts in one PKIFreeText
constexpr std::size_t kCmpControls = 16;      // controls and regInfos of one CertReqMsg
constexpr std::size_t kCmpCrls = 8;           // CRLs asked for at once
constexpr std::size_t kCmpSecret = 255;       // octets of a shared secret
constexpr std::size_t kCmpSalt = 64;          // octets of a salt

// CMS (RFC 5652).
constexpr std::size_t kBerDepth = 32;       // nested elements; the deepest message has half
constexpr std::size_t kBerElements = 8192;  // elements of one message
constexpr std::size_t kRecipients = 8;      // RecipientInfos: each may cost an RSA operation
constexpr std::size_t kCmsAttributes = 32;  // signed attributes
constexpr std::uint64_t kPasswordIterations = 100'000;  // of PBKDF2, PBM: more is a CPU attack

// A frame between nginx and signerd: a CSR, a client certificate, the rest.
constexpr std::size_t kFrame = 256 * 1024;

constexpr std::size_t kEstLabel = 64;  // the label segment of an EST path
constexpr std::size_t kCmpLabel = 64;  // of "p/<label>" in a CMP path
constexpr std::size_t kProfileName = 64;
constexpr std::size_t kCredentialName = 512;
constexpr std::size_t kAddress = 64;
constexpr std::size_t kIdempotencyKey = 128;
constexpr std::size_t kTransaction = 128;
constexpr std::size_t kErrorText = 512;
constexpr std::size_t kUrl = 512;   // of a distribution point
constexpr std::size_t kTurn = 512;  // what ties a message to its transaction
constexpr std::size_t kOriginator = kCertificate + 1024;
constexpr std::size_t kToken = 128;              // characters of a token; ours have 32
constexpr std::size_t kTokenHash = 32;           // SHA-256
constexpr std::size_t kTokenName = 64;           // what operators call it
constexpr std::size_t kTokenIdentity = 255;      // the name that it is bound to
constexpr std::size_t kTokenProfiles = 16;       // that one token is good for
constexpr std::size_t kCsrAttrs = 16 * 1024;     // of a profile
constexpr std::size_t kFullCmc = 160 * 1024;     // a Full PKI Request, certificates and all
constexpr std::size_t kJsonRequest = 96 * 1024;  // of a device: a CSR in PEM, a token
constexpr std::size_t kKeyRules = 64;            // kinds of keys that a profile takes
constexpr std::size_t kPrivateKey = 8192;        // PKCS#8 of RSA-8192 has about 4800 octets
constexpr std::size_t kReporter = 16;            // random bytes that name a worker
constexpr std::size_t kReported = 64;            // decisions in one report
constexpr std::size_t kReportDetail = 256;       // a literal of ours
constexpr std::size_t kDecision = 2048;          // one of them, encoded, with the longest texts
constexpr std::size_t kAdminText = 128 * 1024;

// A TBSCertList: five million entries. Lists travel in pieces.
constexpr std::size_t kCrl = std::size_t{256} * 1024 * 1024;
constexpr std::size_t kCrlPart = 64 * 1024;    // a piece, on its way to be signed
constexpr std::size_t kCrlChunk = 128 * 1024;  // a piece, on its way to who serves it
constexpr std::size_t kCrlHead = 16 * 1024;    // what stands before the first entry
constexpr std::size_t kCrlTail = 16 * 1024;    // the extensions behind the last one
constexpr std::size_t kCrlEntry = 256;         // one entry
constexpr std::size_t kCrls = 1024;            // lists that one signerd tells of
constexpr std::size_t kPartitions = 1024;      // of one CA

constexpr std::size_t kOcspRequest = 16 * 1024;
constexpr std::size_t kOcspSingle = 32;  // certificates in one OCSP request
constexpr std::size_t kCertId = 192;     // a CertID with SHA-512 and the longest serial
constexpr std::size_t kOcspNonce = 128;  // RFC 9654 2.1
constexpr std::size_t kOcspNonceValue = kOcspNonce + 3;  // with its header
constexpr std::size_t kOcspResponse = 64 * 1024;
constexpr std::size_t kSerial = 20;     // octets, RFC 5280 4.1.2.2
constexpr std::size_t kChanges = 1024;  // changed certificates in one answer

}  // namespace pki::limits
