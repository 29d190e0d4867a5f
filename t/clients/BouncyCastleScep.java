// A SCEP client of Bouncy Castle's CMS, whose generators write BER with indefinite lengths and
// octet strings in segments. It does the steps that it is given, one line for each:
//
//     java -cp bcpkix.jar:bcprov.jar:bcutil.jar BouncyCastleScep URL CHALLENGE STEP ...
//
// enroll   for a new key; it polls while the request waits
// ec       the same for a key that can only sign: the challenge opens the answer
// renew    with the certificate of the step before, for a new key
// refused  enrols, and wants to be refused

import java.io.InputStream;
import java.io.OutputStream;
import java.math.BigInteger;
import java.net.HttpURLConnection;
import java.net.URL;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.SecureRandom;
import java.security.Security;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.Date;
import org.bouncycastle.asn1.ASN1Encodable;
import org.bouncycastle.asn1.ASN1EncodableVector;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.ASN1OctetString;
import org.bouncycastle.asn1.ASN1String;
import org.bouncycastle.asn1.DEROctetString;
import org.bouncycastle.asn1.DERPrintableString;
import org.bouncycastle.asn1.DERSequence;
import org.bouncycastle.asn1.DERSet;
import org.bouncycastle.asn1.cms.Attribute;
import org.bouncycastle.asn1.cms.AttributeTable;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.cert.jcajce.JcaCertStore;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.cms.CMSAlgorithm;
import org.bouncycastle.cms.CMSEnvelopedData;
import org.bouncycastle.cms.CMSEnvelopedDataGenerator;
import org.bouncycastle.cms.CMSProcessableByteArray;
import org.bouncycastle.cms.CMSSignedData;
import org.bouncycastle.cms.CMSSignedDataGenerator;
import org.bouncycastle.cms.Recipient;
import org.bouncycastle.cms.SignerInformation;
import org.bouncycastle.cms.jcajce.JcaSimpleSignerInfoGeneratorBuilder;
import org.bouncycastle.cms.jcajce.JcaSimpleSignerInfoVerifierBuilder;
import org.bouncycastle.cms.jcajce.JceCMSContentEncryptorBuilder;
import org.bouncycastle.cms.jcajce.JceKeyTransEnvelopedRecipient;
import org.bouncycastle.cms.jcajce.JceKeyTransRecipientInfoGenerator;
import org.bouncycastle.cms.jcajce.JcePasswordEnvelopedRecipient;
import org.bouncycastle.jce.provider.BouncyCastleProvider;
import org.bouncycastle.operator.ContentSigner;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.pkcs.jcajce.JcaPKCS10CertificationRequestBuilder;

public class BouncyCastleScep {
    private static final X500Name SUBJECT = new X500Name("CN=bouncy-castle,O=Example");
    private static final String ATTRIBUTE = "2.16.840.1.113733.1.9.";
    private static final String PKCS_REQ = "19", RENEWAL_REQ = "17", CERT_POLL = "20";

    private final String url;
    private final String challenge;
    private final X509Certificate ra;

    // Who signs, and opens what comes back.
    record Identity(KeyPair keys, X509Certificate certificate) {}

    // Of a CertRep: status, failInfo and what was in the envelope.
    record Reply(String status, String failure, byte[] content) {}

    BouncyCastleScep(String url, String challenge) throws Exception {
        this.url = url;
        this.challenge = challenge;
        this.ra = encipherer(http("GetCACert", null));
    }

    byte[] http(String operation, byte[] body) throws Exception {
        HttpURLConnection connection =
            (HttpURLConnection) new URL(url + "?operation=" + operation).openConnection();
        if (body != null) {
            connection.setDoOutput(true);
            connection.setRequestProperty("Content-Type", "application/x-pki-message");
            try (OutputStream out = connection.getOutputStream()) {
                out.write(body);
            }
        }
        try (InputStream in = connection.getInputStream()) {
            return in.readAllBytes();
        }
    }

    static X509Certificate certificate(X509CertificateHolder holder) throws Exception {
        return new JcaX509CertificateConverter().getCertificate(holder);
    }

    static X509Certificate encipherer(byte[] certificates) throws Exception {
        for (X509CertificateHolder holder :
             new CMSSignedData(certificates).getCertificates().getMatches(null)) {
            boolean[] usage = certificate(holder).getKeyUsage();
            if (usage != null && usage[2]) return certificate(holder);
        }
        throw new IllegalStateException("nobody to encrypt for");
    }

    static KeyPair newKey(String algorithm, int bits) throws Exception {
        KeyPairGenerator generator = KeyPairGenerator.getInstance(algorithm);
        generator.initialize(bits);
        return generator.generateKeyPair();
    }

    static boolean isRsa(KeyPair keys) {
        return keys.getPublic().getAlgorithm().equals("RSA");
    }

    static String algorithm(KeyPair keys) {
        return isRsa(keys) ? "SHA256withRSA" : "SHA256withECDSA";
    }

    static ContentSigner signer(KeyPair keys) throws Exception {
        return new JcaContentSignerBuilder(algorithm(keys)).build(keys.getPrivate());
    }

    static Identity selfSigned(KeyPair keys) throws Exception {
        Date from = new Date(System.currentTimeMillis() - 60000);
        Date to = new Date(System.currentTimeMillis() + 3600000);
        return new Identity(keys, certificate(new JcaX509v3CertificateBuilder(
            SUBJECT, BigInteger.ONE, from, to, SUBJECT, keys.getPublic()).build(signer(keys))));
    }

    byte[] request(KeyPair keys, boolean initial) throws Exception {
        JcaPKCS10CertificationRequestBuilder builder =
            new JcaPKCS10CertificationRequestBuilder(SUBJECT, keys.getPublic());
        if (initial)
            builder.addAttribute(PKCSObjectIdentifiers.pkcs_9_at_challengePassword,
                                 new DERPrintableString(challenge));
        return builder.build(signer(keys)).getEncoded();
    }

    byte[] seal(byte[] data) throws Exception {
        CMSEnvelopedDataGenerator generator = new CMSEnvelopedDataGenerator();
        generator.addRecipientInfoGenerator(
            new JceKeyTransRecipientInfoGenerator(ra).setProvider("BC"));
        return wantBer(generator.generate(new CMSProcessableByteArray(data),
            new JceCMSContentEncryptorBuilder(CMSAlgorithm.AES256_CBC).setProvider("BC").build())
            .getEncoded());
    }

    static byte[] wantBer(byte[] message) {
        if (message[1] != (byte) 0x80) throw new IllegalStateException("that is no BER");
        return message;
    }

    static void add(ASN1EncodableVector attributes, int number, ASN1Encodable value) {
        attributes.add(new Attribute(new ASN1ObjectIdentifier(ATTRIBUTE + number), new DERSet(value)));
    }

    Reply exchange(Identity from, String type, String transaction, byte[] data) throws Exception {
        byte[] nonce = new byte[16];
        new SecureRandom().nextBytes(nonce);
        ASN1EncodableVector attributes = new ASN1EncodableVector();
        add(attributes, 2, new DERPrintableString(type));
        add(attributes, 5, new DEROctetString(nonce));
        add(attributes, 7, new DERPrintableString(transaction));
        CMSSignedDataGenerator generator = new CMSSignedDataGenerator();
        generator.addSignerInfoGenerator(new JcaSimpleSignerInfoGeneratorBuilder().setProvider("BC")
            .setSignedAttributeGenerator(new AttributeTable(attributes))
            .build(algorithm(from.keys), from.keys.getPrivate(), from.certificate));
        generator.addCertificates(new JcaCertStore(Arrays.asList(from.certificate)));
        byte[] message = wantBer(
            generator.generate(new CMSProcessableByteArray(seal(data)), true).getEncoded());
        return read(http("PKIOperation", message), from, transaction, nonce);
    }

    static ASN1Encodable value(AttributeTable attributes, int number) {
        Attribute attribute = attributes.get(new ASN1ObjectIdentifier(ATTRIBUTE + number));
        return attribute == null ? null : attribute.getAttrValues().getObjectAt(0);
    }

    static String text(AttributeTable attributes, int number) {
        ASN1Encodable value = value(attributes, number);
        return value == null ? null : ((ASN1String) value).getString();
    }

    Reply read(byte[] message, Identity to, String transaction, byte[] nonce) throws Exception {
        CMSSignedData signed = new CMSSignedData(message);
        SignerInformation signer = signed.getSignerInfos().getSigners().iterator().next();
        if (!signer.verify(new JcaSimpleSignerInfoVerifierBuilder().setProvider("BC").build(ra)))
            throw new IllegalStateException("a bad signature");
        AttributeTable attributes = signer.getSignedAttributes();
        if (!"3".equals(text(attributes, 2)) || !transaction.equals(text(attributes, 7)))
            throw new IllegalStateException("another message");
        if (!Arrays.equals(nonce, ((ASN1OctetString) value(attributes, 6)).getOctets()))
            throw new IllegalStateException("another nonce");
        String status = text(attributes, 3);
        if (!status.equals("0")) return new Reply(status, text(attributes, 4), null);
        Recipient recipient = isRsa(to.keys)
            ? new JceKeyTransEnvelopedRecipient(to.keys.getPrivate()).setProvider("BC")
            : new JcePasswordEnvelopedRecipient(challenge.toCharArray()).setProvider("BC");
        byte[] content = new CMSEnvelopedData((byte[]) signed.getSignedContent().getContent())
            .getRecipientInfos().getRecipients().iterator().next().getContent(recipient);
        return new Reply(status, null, content);
    }

    Reply ask(Identity from, String type, KeyPair keys, boolean initial) throws Exception {
        String transaction = new BigInteger(128, new SecureRandom()).toString(16);
        Reply reply = exchange(from, type, transaction, request(keys, initial));
        if (reply.status.equals("3")) System.out.println("pending");
        while (reply.status.equals("3")) {
            Thread.sleep(200);
            X500Name issuer = X500Name.getInstance(ra.getIssuerX500Principal().getEncoded());
            byte[] names = new DERSequence(new ASN1Encodable[] {issuer, SUBJECT}).getEncoded();
            reply = exchange(from, CERT_POLL, transaction, names);
        }
        return reply;
    }

    Identity issued(Reply reply, KeyPair keys, String step) throws Exception {
        if (reply.content == null) throw new IllegalStateException(step + ": refused " + reply.failure);
        for (X509CertificateHolder holder :
             new CMSSignedData(reply.content).getCertificates().getMatches(null)) {
            X509Certificate certificate = certificate(holder);
            if (!certificate.getPublicKey().equals(keys.getPublic())) continue;
            System.out.println(step + " " + certificate.getSerialNumber().toString(16));
            return new Identity(keys, certificate);
        }
        throw new IllegalStateException(step + ": another key came back");
    }

    Identity step(String name, Identity before) throws Exception {
        KeyPair keys = name.equals("ec") ? newKey("EC", 256) : newKey("RSA", 2048);
        if (name.equals("renew"))
            return issued(ask(before, RENEWAL_REQ, keys, false), keys, name);
        Reply reply = ask(selfSigned(keys), PKCS_REQ, keys, true);
        if (!name.equals("refused")) return issued(reply, keys, name);
        if (reply.content != null) throw new IllegalStateException("it was not refused");
        System.out.println("refused " + reply.failure);
        return before;
    }

    public static void main(String[] args) throws Exception {
        Security.addProvider(new BouncyCastleProvider());
        BouncyCastleScep client = new BouncyCastleScep(args[0], args[1]);
        Identity identity = null;
        for (String name : Arrays.copyOfRange(args, 2, args.length)) identity = client.step(name, identity);
    }
}
