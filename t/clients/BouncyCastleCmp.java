// A CMP client of Bouncy Castle. It does the steps that it is given, one line for each:
//
//     java -cp bcpkix.jar:bcprov.jar:bcutil.jar BouncyCastleCmp URL SERVER REFERENCE SECRET STEP ...
//
// ir       for a new key, by the secret, with a confirmation
// cr       for a new key, signed with the certificate of the step before, with a confirmation
// kur      the same, in the place of that certificate
// genm     the CA certificates
// rr       revokes the certificate of the step before, signed with it
// refused  an ir that is to be refused
//
// SERVER is the file of the certificate that signs answers.

import java.io.FileReader;
import java.io.InputStream;
import java.io.OutputStream;
import java.math.BigInteger;
import java.net.HttpURLConnection;
import java.net.URL;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.SecureRandom;
import java.security.Security;
import java.util.Arrays;
import java.util.Date;
import org.bouncycastle.asn1.ASN1Encodable;
import org.bouncycastle.asn1.ASN1Integer;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.DERSequence;
import org.bouncycastle.asn1.cmp.CertRepMessage;
import org.bouncycastle.asn1.cmp.CertResponse;
import org.bouncycastle.asn1.cmp.ErrorMsgContent;
import org.bouncycastle.asn1.cmp.GenMsgContent;
import org.bouncycastle.asn1.cmp.GenRepContent;
import org.bouncycastle.asn1.cmp.InfoTypeAndValue;
import org.bouncycastle.asn1.cmp.PKIBody;
import org.bouncycastle.asn1.cmp.PKIHeader;
import org.bouncycastle.asn1.cmp.PKIStatusInfo;
import org.bouncycastle.asn1.cmp.RevDetails;
import org.bouncycastle.asn1.cmp.RevRepContent;
import org.bouncycastle.asn1.cmp.RevReqContent;
import org.bouncycastle.asn1.crmf.CertId;
import org.bouncycastle.asn1.crmf.CertReqMessages;
import org.bouncycastle.asn1.crmf.CertReqMsg;
import org.bouncycastle.asn1.crmf.CertTemplateBuilder;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.CRLReason;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.Extensions;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.SubjectKeyIdentifier;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.cert.cmp.CertificateConfirmationContentBuilder;
import org.bouncycastle.cert.cmp.GeneralPKIMessage;
import org.bouncycastle.cert.cmp.ProtectedPKIMessage;
import org.bouncycastle.cert.cmp.ProtectedPKIMessageBuilder;
import org.bouncycastle.cert.crmf.CertificateRequestMessageBuilder;
import org.bouncycastle.cert.crmf.Control;
import org.bouncycastle.cert.crmf.PKMACBuilder;
import org.bouncycastle.cert.crmf.jcajce.JcePKMACValuesCalculator;
import org.bouncycastle.jce.provider.BouncyCastleProvider;
import org.bouncycastle.openssl.PEMParser;
import org.bouncycastle.operator.ContentSigner;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.operator.jcajce.JcaContentVerifierProviderBuilder;
import org.bouncycastle.operator.jcajce.JcaDigestCalculatorProviderBuilder;

public class BouncyCastleCmp {
    private static final X500Name SUBJECT = new X500Name("CN=bouncy-castle,O=Example");
    private static final GeneralName NOBODY = new GeneralName(new X500Name("CN=CMP"));
    private static final ASN1ObjectIdentifier CA_CERTS =
        new ASN1ObjectIdentifier("1.3.6.1.5.5.7.4.17");
    private static final ASN1ObjectIdentifier OLD_CERT_ID =
        new ASN1ObjectIdentifier("1.3.6.1.5.5.7.5.1.5");

    private final String url;
    private final X509CertificateHolder server;
    private final byte[] reference;
    private final char[] secret;

    // Who signs; null: the secret protects.
    // chain: what came along with the certificate, for a server that knows the root alone.
    record Identity(KeyPair keys, X509CertificateHolder certificate, X509CertificateHolder[] chain) {}

    // What a kur renews.
    record OldCertId(CertId value) implements Control {
        public ASN1ObjectIdentifier getType() { return OLD_CERT_ID; }
        public ASN1Encodable getValue() { return value; }
    }

    // Ids and nonces of one transaction.
    static class Transaction {
        final byte[] id = random();
        byte[] nonce, theirs;
        X509CertificateHolder[] certificates = {};
    }

    BouncyCastleCmp(String[] args) throws Exception {
        url = args[0];
        try (PEMParser parser = new PEMParser(new FileReader(args[1]))) {
            server = (X509CertificateHolder) parser.readObject();
        }
        reference = args[2].getBytes("UTF-8");
        secret = args[3].toCharArray();
    }

    static byte[] random() {
        byte[] octets = new byte[16];
        new SecureRandom().nextBytes(octets);
        return octets;
    }

    byte[] post(byte[] message) throws Exception {
        HttpURLConnection connection = (HttpURLConnection) new URL(url).openConnection();
        connection.setDoOutput(true);
        connection.setRequestProperty("Content-Type", "application/pkixcmp");
        try (OutputStream out = connection.getOutputStream()) {
            out.write(message);
        }
        try (InputStream in = connection.getInputStream()) {
            return in.readAllBytes();
        }
    }

    static ContentSigner signer(KeyPair keys) throws Exception {
        String algorithm = keys.getPublic().getAlgorithm();
        return new JcaContentSignerBuilder(algorithm.equals("RSA") ? "SHA256withRSA" : "SHA256withECDSA")
            .build(keys.getPrivate());
    }

    // One-way function and MAC are SHA-1 there unless somebody says otherwise.
    static PKMACBuilder mac() throws Exception {
        return new PKMACBuilder(new JcePKMACValuesCalculator().setProvider("BC"));
    }

    ProtectedPKIMessage protect(Identity from, Transaction transaction, PKIBody body) throws Exception {
        X500Name sender = from == null ? SUBJECT : from.certificate.getSubject();
        ProtectedPKIMessageBuilder builder =
            new ProtectedPKIMessageBuilder(new GeneralName(sender), NOBODY);
        transaction.nonce = random();
        builder.setMessageTime(new Date()).setTransactionID(transaction.id)
            .setSenderNonce(transaction.nonce).setBody(body);
        if (transaction.theirs != null) builder.setRecipNonce(transaction.theirs);
        if (from == null) return builder.setSenderKID(reference).build(mac().build(secret));
        SubjectKeyIdentifier identifier =
            SubjectKeyIdentifier.fromExtensions(from.certificate.getExtensions());
        builder.setSenderKID(identifier.getKeyIdentifier()).addCMPCertificate(from.certificate);
        for (X509CertificateHolder one : from.chain) builder.addCMPCertificate(one);
        return builder.build(signer(from.keys));
    }

    PKIBody exchange(Identity from, Transaction transaction, PKIBody body) throws Exception {
        ProtectedPKIMessage sent = protect(from, transaction, body);
        ProtectedPKIMessage message = new ProtectedPKIMessage(
            new GeneralPKIMessage(post(sent.toASN1Structure().getEncoded())));
        boolean good = message.hasPasswordBasedMacProtection()
            ? message.verify(mac(), secret)
            : message.verify(new JcaContentVerifierProviderBuilder().setProvider("BC").build(server));
        if (!good) throw new IllegalStateException("the protection does not verify");
        PKIHeader header = message.getHeader();
        if (!Arrays.equals(header.getTransactionID().getOctets(), transaction.id) ||
            !Arrays.equals(header.getRecipNonce().getOctets(), transaction.nonce))
            throw new IllegalStateException("an answer to another message");
        transaction.theirs = header.getSenderNonce().getOctets();
        if (message.getCertificates().length > 0) transaction.certificates = message.getCertificates();
        return message.getBody();
    }

    static PKIStatusInfo rejection(PKIBody body) {
        return body.getType() == PKIBody.TYPE_ERROR
            ? ErrorMsgContent.getInstance(body.getContent()).getPKIStatusInfo() : null;
    }

    static void expect(PKIBody body, int type) {
        PKIStatusInfo status = rejection(body);
        if (status != null) throw new IllegalStateException("refused " + status.getFailInfo());
        if (body.getType() != type) throw new IllegalStateException("a body of type " + body.getType());
    }

    static CertReqMsg request(KeyPair keys, X509CertificateHolder old) throws Exception {
        CertificateRequestMessageBuilder builder = new CertificateRequestMessageBuilder(BigInteger.ZERO);
        builder.setSubject(SUBJECT)
            .setPublicKey(SubjectPublicKeyInfo.getInstance(keys.getPublic().getEncoded()))
            .setProofOfPossessionSigningKeySigner(signer(keys));
        if (old != null)
            builder.addControl(new OldCertId(
                new CertId(new GeneralName(old.getIssuer()), old.getSerialNumber())));
        return builder.build().toASN1Structure();
    }

    void confirm(Identity from, Transaction transaction, X509CertificateHolder certificate)
        throws Exception {
        ASN1Encodable content = new CertificateConfirmationContentBuilder()
            .addAcceptedCertificate(certificate, BigInteger.ZERO)
            .build(new JcaDigestCalculatorProviderBuilder().setProvider("BC").build())
            .toASN1Structure();
        expect(exchange(from, transaction, new PKIBody(PKIBody.TYPE_CERT_CONFIRM, content)),
               PKIBody.TYPE_CONFIRM);
    }

    Identity enroll(String step, Identity from, int ask, int answer, String algorithm) throws Exception {
        KeyPairGenerator generator = KeyPairGenerator.getInstance(algorithm);
        generator.initialize(algorithm.equals("RSA") ? 2048 : 256);
        KeyPair keys = generator.generateKeyPair();
        Transaction transaction = new Transaction();
        CertReqMsg request = request(keys, ask == PKIBody.TYPE_KEY_UPDATE_REQ ? from.certificate : null);
        PKIBody body = exchange(from, transaction, new PKIBody(ask, new CertReqMessages(request)));
        expect(body, answer);
        CertResponse response = CertRepMessage.getInstance(body.getContent()).getResponse()[0];
        if (response.getStatus().getStatus().intValue() != 0)
            throw new IllegalStateException("refused " + response.getStatus().getFailInfo());
        X509CertificateHolder certificate = new X509CertificateHolder(response.getCertifiedKeyPair()
            .getCertOrEncCert().getCertificate().getX509v3PKCert().getEncoded());
        if (!Arrays.equals(certificate.getSubjectPublicKeyInfo().getEncoded(), keys.getPublic().getEncoded()))
            throw new IllegalStateException("another key came back");
        Identity identity = new Identity(keys, certificate, transaction.certificates);
        confirm(from, transaction, certificate);
        System.out.println(step + " " + certificate.getSerialNumber().toString(16));
        return identity;
    }

    void revoke(Identity from) throws Exception {
        CertTemplateBuilder template = new CertTemplateBuilder();
        template.setIssuer(from.certificate.getIssuer());
        template.setSerialNumber(new ASN1Integer(from.certificate.getSerialNumber()));
        Extensions details = new Extensions(new Extension(Extension.reasonCode, false,
            CRLReason.lookup(CRLReason.superseded).getEncoded()));
        PKIBody body = exchange(from, new Transaction(), new PKIBody(PKIBody.TYPE_REVOCATION_REQ,
            new RevReqContent(new RevDetails(template.build(), details))));
        expect(body, PKIBody.TYPE_REVOCATION_REP);
        PKIStatusInfo status = RevRepContent.getInstance(body.getContent()).getStatus()[0];
        System.out.println("rr " + status.getStatus());
    }

    void ask(Identity from) throws Exception {
        PKIBody body = exchange(from, new Transaction(), new PKIBody(PKIBody.TYPE_GEN_MSG,
            new GenMsgContent(new InfoTypeAndValue(CA_CERTS))));
        expect(body, PKIBody.TYPE_GEN_REP);
        InfoTypeAndValue info = GenRepContent.getInstance(body.getContent()).toInfoTypeAndValueArray()[0];
        System.out.println("genm " + DERSequence.getInstance(info.getInfoValue()).size());
    }

    void refused() throws Exception {
        KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
        generator.initialize(256);
        CertReqMsg request = request(generator.generateKeyPair(), null);
        PKIBody body = exchange(null, new Transaction(),
            new PKIBody(PKIBody.TYPE_INIT_REQ, new CertReqMessages(request)));
        System.out.println("refused " + rejection(body).getFailInfo().intValue());
    }

    Identity step(String name, Identity before) throws Exception {
        switch (name) {
            case "ir": return enroll(name, null, PKIBody.TYPE_INIT_REQ, PKIBody.TYPE_INIT_REP, "EC");
            case "cr": return enroll(name, before, PKIBody.TYPE_CERT_REQ, PKIBody.TYPE_CERT_REP, "RSA");
            case "kur":
                return enroll(name, before, PKIBody.TYPE_KEY_UPDATE_REQ, PKIBody.TYPE_KEY_UPDATE_REP, "EC");
            case "genm": ask(before); break;
            case "rr": revoke(before); break;
            case "refused": refused(); break;
            default: throw new IllegalArgumentException(name);
        }
        return before;
    }

    public static void main(String[] args) throws Exception {
        Security.addProvider(new BouncyCastleProvider());
        BouncyCastleCmp client = new BouncyCastleCmp(args);
        Identity identity = null;
        for (String name : Arrays.copyOfRange(args, 4, args.length)) identity = client.step(name, identity);
    }
}
