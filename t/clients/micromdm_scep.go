// A client made of micromdm's SCEP library: asks a server for one certificate, for a new key or,
// with -old and -oldkey, in place of the one that it has. It writes NAME.key and NAME.pem and says
// in one line what came of it: "issued", "pending" or "refused" with the number of the failInfo.
//
//	micromdm_scep -url URL -name NAME [-challenge TEXT] [-cipher aes128|aes256|des] [-type 17|19] [-old CERT -oldkey KEY]
package main

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"flag"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"time"

	"github.com/go-kit/kit/log"
	scepclient "github.com/micromdm/scep/client"
	"github.com/micromdm/scep/cryptoutil/x509util"
	"github.com/micromdm/scep/scep"
	"go.mozilla.org/pkcs7"
)

var ciphers = map[string]int{
	"aes128": pkcs7.EncryptionAlgorithmAES128CBC,
	"aes256": pkcs7.EncryptionAlgorithmAES256CBC,
	"des":    pkcs7.EncryptionAlgorithmDESCBC, // which it takes unless it is told
}

// Whose key signs the message, and the certificate that goes with it.
type signer struct {
	certificate *x509.Certificate
	key         *rsa.PrivateKey
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func writePem(file, kind string, der []byte) {
	block := pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
	check(os.WriteFile(file, block, 0600))
}

func readPem(file string) []byte {
	text, err := os.ReadFile(file)
	check(err)
	block, _ := pem.Decode(text)
	if block == nil {
		check(errors.New(file + ": no PEM"))
	}
	return block.Bytes
}

func read(certificate, key string) signer {
	parsed, err := x509.ParseCertificate(readPem(certificate))
	check(err)
	private, err := x509.ParsePKCS1PrivateKey(readPem(key))
	check(err)
	return signer{parsed, private}
}

func request(key *rsa.PrivateKey, subject pkix.Name, challenge string) *x509.CertificateRequest {
	template := x509util.CertificateRequest{
		CertificateRequest: x509.CertificateRequest{Subject: subject, SignatureAlgorithm: x509.SHA256WithRSA},
		ChallengePassword:  challenge,
	}
	der, err := x509util.CreateCertificateRequest(rand.Reader, &template, key)
	check(err)
	parsed, err := x509.ParseCertificateRequest(der)
	check(err)
	return parsed
}

func selfSigned(key *rsa.PrivateKey, subject pkix.Name) signer {
	template := x509.Certificate{
		SerialNumber: big.NewInt(1),
		Subject:      subject,
		NotBefore:    time.Now().Add(-time.Minute),
		NotAfter:     time.Now().Add(time.Hour),
		KeyUsage:     x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment,
	}
	der, err := x509.CreateCertificate(rand.Reader, &template, &template, &key.PublicKey, key)
	check(err)
	certificate, err := x509.ParseCertificate(der)
	check(err)
	return signer{certificate, key}
}

func main() {
	url := flag.String("url", "", "of the server")
	name := flag.String("name", "", "path of the files, whose last part is the CN")
	challenge := flag.String("challenge", "", "challengePassword")
	cipher := flag.String("cipher", "aes128", "of the envelope")
	kind := flag.String("type", string(scep.PKCSReq), "of the message")
	old := flag.String("old", "", "certificate to renew")
	oldKey := flag.String("oldkey", "", "its key")
	flag.Parse()
	pkcs7.ContentEncryptionAlgorithm = ciphers[*cipher]

	ctx := context.Background()
	client, err := scepclient.New(*url, log.NewNopLogger())
	check(err)
	answer, _, err := client.GetCACert(ctx, "")
	check(err)
	authorities, err := scep.CACerts(answer)
	check(err)

	key, err := rsa.GenerateKey(rand.Reader, 2048)
	check(err)
	subject := pkix.Name{CommonName: filepath.Base(*name)}
	from := selfSigned(key, subject)
	if *old != "" {
		from = read(*old, *oldKey)
		subject = from.certificate.Subject
	}
	message, err := scep.NewCSRRequest(request(key, subject, *challenge),
		&scep.PKIMessage{
			MessageType: scep.MessageType(*kind),
			Recipients:  authorities,
			SignerKey:   from.key,
			SignerCert:  from.certificate,
		},
		scep.WithCertsSelector(scep.EnciphermentCertsSelector()))
	check(err)
	answer, err = client.PKIOperation(ctx, message.Raw)
	check(err)
	reply, err := scep.ParsePKIMessage(answer, scep.WithCACerts(authorities))
	check(err)

	switch reply.PKIStatus {
	case scep.FAILURE:
		fmt.Println("refused", string(reply.FailInfo))
	case scep.PENDING:
		fmt.Println("pending")
	case scep.SUCCESS:
		check(reply.DecryptPKIEnvelope(from.certificate, from.key))
		writePem(*name+".key", "RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(key))
		writePem(*name+".pem", "CERTIFICATE", reply.CertRepMessage.Certificate.Raw)
		fmt.Println("issued")
	}
}
