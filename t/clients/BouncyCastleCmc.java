// Full CMC over EST with the classes of Bouncy Castle. It does the steps that it is given, one line
// for each:
//
//     java -cp bcpkix.jar:bcprov.jar:bcutil.jar BouncyCastleCmc.java URL ROOT SERVER SIGNER KEY STEP ...
//
// pkcs10   asks for a certificate with a PKCS#10
// crmf     the same with a CRMF
// two      with both in one message, which is to be refused
//
// ROOT is the anchor of TLS, SERVER the certificate that signs answers, SIGNER and KEY those of the
// client, all of them files in PEM.

import java.io.FileReader;
import java.io.InputStream;
import java.io.OutputStream;
import java.math.BigInteger;
import java.net.URL;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.SecureRandom;
import java.security.Security;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import javax.net.ssl.HttpsURLConnection;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.bouncycastle.asn1.ASN1Encodable;
import org.bouncycastle.asn1.ASN1Integer;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.ASN1OctetString;
import org.bouncycastle.asn1.DEROctetString;
import org.bouncycastle.asn1.DERSet;
import org.bouncycastle.asn1.cmc.BodyPartID;
import org.bouncycastle.asn1.cmc.CMCObjectIdentifiers;
import org.bouncycastle.asn1.cmc.CMCStatus;
import org.bouncycastle.asn1.cmc.CMCStatusInfoV2;
import org.bouncycastle.asn1.cmc.CertificationRequest;
import org.bouncycastle.asn1.cmc.OtherMsg;
import org.bouncycastle.asn1.cmc.PKIData;
import org.bouncycastle.asn1.cmc.PKIResponse;
import org.bouncycastle.asn1.cmc.TaggedAttribute;
import org.bouncycastle.asn1.cmc.TaggedCertificationRequest;
import org.bouncycastle.asn1.cmc.TaggedContentInfo;
import org.bouncycastle.asn1.cmc.TaggedRequest;
import org.bouncycastle.asn1.pkcs.PrivateKeyInfo;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.cert.crmf.CertificateRequestMessageBuilder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cms.CMSProcessableByteArray;
import org.bouncycastle.cms.CMSSignedData;
import org.bouncycastle.cms.CMSSignedDataGenerator;
import org.bouncycastle.cms.SignerInformation;
import org.bouncycastle.cms.jcajce.JcaSignerInfoGeneratorBuilder;
import org.bouncycastle.cms.jcajce.JcaSimpleSignerInfoVerifierBuilder;
import org.bouncycastle.jce.provider.BouncyCastleProvider;
import org.bouncycastle.openssl.PEMKeyPair;
import org.bouncycastle.openssl.PEMParser;
import org.bouncycastle.openssl.jcajce.JcaPEMKeyConverter;
import org.bouncycastle.operator.ContentSigner;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.operator.jcajce.JcaDigestCalculatorProviderBuilder;
import org.bouncycastle.pkcs.jcajce.JcaPKCS10CertificationRequestBuilder;
import org.bouncycastle.util.Store;

public class BouncyCastleCmc {
    private static final X500Name SUBJECT = new X500Name("CN=bouncy-castle,O=Example");

    private final URL url;
    private final SSLContext tls;
    private final X509CertificateHolder server, signer;
    private final PrivateKey key;

    // What came back, once its signature was found to be good.
    record Answer(int status, Store<X509CertificateHolder> certificates, PKIResponse response) {
        ASN1Encodable control(ASN1ObjectIdentifier type) {
            for (ASN1Encodable element : response.getControlSequence()) {
                TaggedAttribute control = TaggedAttribute.getInstance(element);
                if (control.getAttrType().equals(type)) return control.getAttrValues().getObjectAt(0);
            }
            throw new IllegalStateException("no control " + type);
        }
    }

    static Object pem(String file) throws Exception {
        try (PEMParser parser = new PEMParser(new FileReader(file))) {
            return parser.readObject();
        }
    }

    BouncyCastleCmc(String[] args) throws Exception {
        url = new URL(args[0]);
        KeyStore anchors = KeyStore.getInstance(KeyStore.getDefaultType());
        anchors.load(null);
        anchors.setCertificateEntry("root", new JcaX509CertificateConverter()
            .getCertificate((X509CertificateHolder) pem(args[1])));
        TrustManagerFactory trust = TrustManagerFactory.getInstance("PKIX");
        trust.init(anchors);
        tls = SSLContext.getInstance("TLS");
        tls.init(null, trust.getTrustManagers(), null);
        server = (X509CertificateHolder) pem(args[2]);
        signer = (X509CertificateHolder) pem(args[3]);
        Object read = pem(args[4]);
        key = new JcaPEMKeyConverter().getPrivateKey(
            read instanceof PEMKeyPair pair ? pair.getPrivateKeyInfo() : (PrivateKeyInfo) read);
    }

    static KeyPair newKey() throws Exception {
        KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
        generator.initialize(256);
        return generator.generateKeyPair();
    }

    static ContentSigner contentSigner(PrivateKey with) throws Exception {
        return new JcaContentSignerBuilder("SHA256withECDSA").build(with);
    }

    static TaggedRequest pkcs10(KeyPair keys, long id) throws Exception {
        byte[] encoded = new JcaPKCS10CertificationRequestBuilder(SUBJECT, keys.getPublic())
            .build(contentSigner(keys.getPrivate())).getEncoded();
        return new TaggedRequest(new TaggedCertificationRequest(
            new BodyPartID(id), CertificationRequest.getInstance(encoded)));
    }

    static TaggedRequest crmf(KeyPair keys, long id) throws Exception {
        return new TaggedRequest(new CertificateRequestMessageBuilder(BigInteger.valueOf(id))
            .setSubject(SUBJECT)
            .setPublicKey(SubjectPublicKeyInfo.getInstance(keys.getPublic().getEncoded()))
            .setProofOfPossessionSigningKeySigner(contentSigner(keys.getPrivate()))
            .build().toASN1Structure());
    }

    static TaggedAttribute control(long id, ASN1ObjectIdentifier type, ASN1Encodable value) {
        return new TaggedAttribute(new BodyPartID(id), type, new DERSet(value));
    }

    // With indefinite lengths, as the generator writes it.
    byte[] sign(PKIData data) throws Exception {
        CMSSignedDataGenerator generator = new CMSSignedDataGenerator();
        generator.addSignerInfoGenerator(new JcaSignerInfoGeneratorBuilder(
            new JcaDigestCalculatorProviderBuilder().build()).build(contentSigner(key), signer));
        generator.addCertificate(signer);
        return generator.generate(new CMSProcessableByteArray(
            CMCObjectIdentifiers.id_cct_PKIData, data.getEncoded()), true).getEncoded();
    }

    Answer post(byte[] message) throws Exception {
        HttpsURLConnection connection = (HttpsURLConnection) url.openConnection();
        connection.setSSLSocketFactory(tls.getSocketFactory());
        connection.setDoOutput(true);
        connection.setRequestProperty("Content-Type", "application/pkcs7-mime; smime-type=CMC-request");
        connection.setRequestProperty("Content-Transfer-Encoding", "base64");
        try (OutputStream out = connection.getOutputStream()) {
            out.write(Base64.getMimeEncoder().encode(message));
        }
        int status = connection.getResponseCode();
        try (InputStream in = status < 400 ? connection.getInputStream() : connection.getErrorStream()) {
            return read(status, Base64.getMimeDecoder().decode(in.readAllBytes()));
        }
    }

    Answer read(int status, byte[] encoded) throws Exception {
        CMSSignedData message = new CMSSignedData(encoded);
        if (!message.getSignedContentTypeOID().equals(CMCObjectIdentifiers.id_cct_PKIResponse.getId()))
            throw new IllegalStateException("no PKIResponse");
        SignerInformation by = message.getSignerInfos().getSigners().iterator().next();
        if (!by.verify(new JcaSimpleSignerInfoVerifierBuilder().setProvider("BC").build(server)))
            throw new IllegalStateException("the signature does not verify");
        byte[] content = (byte[]) message.getSignedContent().getContent();
        return new Answer(status, message.getCertificates(), PKIResponse.getInstance(content));
    }

    Answer ask(List<TaggedRequest> requests) throws Exception {
        byte[] nonce = new byte[16];
        new SecureRandom().nextBytes(nonce);
        ASN1Integer transaction = new ASN1Integer(new BigInteger(120, new SecureRandom()));
        TaggedAttribute[] controls = {
            control(101, CMCObjectIdentifiers.id_cmc_transactionId, transaction),
            control(102, CMCObjectIdentifiers.id_cmc_senderNonce, new DEROctetString(nonce)),
            control(103, CMCObjectIdentifiers.id_cmc_dataReturn, new DEROctetString("mine".getBytes()))};
        Answer answer = post(sign(new PKIData(controls, requests.toArray(new TaggedRequest[0]),
            new TaggedContentInfo[0], new OtherMsg[0])));
        byte[] back = ASN1OctetString.getInstance(
            answer.control(CMCObjectIdentifiers.id_cmc_recipientNonce)).getOctets();
        byte[] data = ASN1OctetString.getInstance(
            answer.control(CMCObjectIdentifiers.id_cmc_dataReturn)).getOctets();
        answer.control(CMCObjectIdentifiers.id_cmc_senderNonce);
        if (!answer.control(CMCObjectIdentifiers.id_cmc_transactionId).equals(transaction) ||
            !Arrays.equals(back, nonce) || !new String(data).equals("mine"))
            throw new IllegalStateException("an answer to another message");
        return answer;
    }

    static CMCStatusInfoV2 statusOf(Answer answer) {
        return CMCStatusInfoV2.getInstance(answer.control(CMCObjectIdentifiers.id_cmc_statusInfoV2));
    }

    void enroll(String step, KeyPair keys, TaggedRequest request) throws Exception {
        Answer answer = ask(List.of(request));
        if (answer.status() != 200 || !statusOf(answer).getcMCStatus().equals(CMCStatus.success))
            throw new IllegalStateException("refused " + answer.status());
        for (X509CertificateHolder one : answer.certificates().getMatches(null))
            if (Arrays.equals(one.getSubjectPublicKeyInfo().getEncoded(), keys.getPublic().getEncoded()))
                System.out.println(step + " " + one.getSerialNumber().toString(16));
    }

    void step(String name) throws Exception {
        KeyPair keys = newKey();
        switch (name) {
            case "pkcs10": enroll(name, keys, pkcs10(keys, 4294967295L)); break;
            case "crmf": enroll(name, keys, crmf(keys, 4294967295L)); break;
            case "two": {
                Answer answer = ask(List.of(pkcs10(keys, 1), crmf(keys, 2)));
                CMCStatusInfoV2 status = statusOf(answer);
                System.out.println("two " + answer.status() + " " + status.getBodyList().length + " "
                    + status.getOtherStatusInfo().toASN1Primitive());
                break;
            }
            default: throw new IllegalArgumentException(name);
        }
    }

    public static void main(String[] args) throws Exception {
        Security.addProvider(new BouncyCastleProvider());
        BouncyCastleCmc client = new BouncyCastleCmc(args);
        for (String name : Arrays.copyOfRange(args, 5, args.length)) client.step(name);
    }
}
