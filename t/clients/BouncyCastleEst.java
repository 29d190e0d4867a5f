// Bouncy Castle's EST client against a server: cacerts, csrattrs, enrolment with Basic,
// renewal with the certificate that came back, a key that the server makes. One line for each step that worked.
//
//     java -cp bcpkix.jar:bcprov.jar:bcutil.jar BouncyCastleEst.java HOST:PORT ROOT.pem USER PASSWORD

import java.io.FileInputStream;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.KeyStore;
import java.security.Security;
import java.security.Signature;
import java.security.cert.CertificateFactory;
import java.security.cert.TrustAnchor;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.util.Set;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.X509TrustManager;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.pkcs.PrivateKeyInfo;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.est.CACertsResponse;
import org.bouncycastle.est.CSRRequestResponse;
import org.bouncycastle.est.ESTAuth;
import org.bouncycastle.est.ESTService;
import org.bouncycastle.est.EnrollmentResponse;
import org.bouncycastle.est.jcajce.JcaHttpAuthBuilder;
import org.bouncycastle.est.jcajce.JcaJceUtils;
import org.bouncycastle.est.jcajce.JsseESTServiceBuilder;
import org.bouncycastle.jce.provider.BouncyCastleProvider;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.pkcs.PKCS10CertificationRequest;
import org.bouncycastle.pkcs.jcajce.JcaPKCS10CertificationRequestBuilder;

public class BouncyCastleEst {
    private static final X500Name SUBJECT = new X500Name("CN=bouncy-castle,O=Example");

    private final String server;
    private final X509Certificate root;

    BouncyCastleEst(String server, X509Certificate root) {
        this.server = server;
        this.root = root;
    }

    ESTService service(KeyManager[] keys) throws Exception {
        X509TrustManager[] trust =
            JcaJceUtils.getCertPathTrustManager(Set.of(new TrustAnchor(root, null)), null);
        JsseESTServiceBuilder builder = new JsseESTServiceBuilder(server, trust);
        builder.withTimeout(20000);
        if (keys != null) builder.withKeyManagers(keys);
        return builder.build();
    }

    static PKCS10CertificationRequest request(KeyPair pair) throws Exception {
        return new JcaPKCS10CertificationRequestBuilder(SUBJECT, pair.getPublic())
            .build(new JcaContentSignerBuilder("SHA256withECDSA").build(pair.getPrivate()));
    }

    static KeyPair newKey() throws Exception {
        KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
        generator.initialize(new ECGenParameterSpec("secp256r1"));
        return generator.generateKeyPair();
    }

    X509Certificate enrolled(EnrollmentResponse response) throws Exception {
        X509CertificateHolder[] holders = ESTService.storeToArray(response.getStore());
        if (holders.length != 1) throw new IllegalStateException(holders.length + " certificates");
        if (!holders[0].getSubject().equals(SUBJECT))
            throw new IllegalStateException("subject " + holders[0].getSubject());
        return new JcaX509CertificateConverter().getCertificate(holders[0]);
    }

    static KeyManager[] keys(KeyPair pair, X509Certificate certificate) throws Exception {
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        store.setKeyEntry("device", pair.getPrivate(), new char[0],
                          new X509Certificate[] {certificate});
        KeyManagerFactory factory = KeyManagerFactory.getInstance("SunX509");
        factory.init(store, new char[0]);
        return factory.getKeyManagers();
    }

    public static void main(String[] args) throws Exception {
        Security.addProvider(new BouncyCastleProvider());
        X509Certificate root;
        try (FileInputStream in = new FileInputStream(args[1])) {
            root = (X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(in);
        }
        BouncyCastleEst client = new BouncyCastleEst(args[0], root);

        CACertsResponse authorities = client.service(null).getCACerts();
        System.out.println("cacerts "
            + ESTService.storeToArray(authorities.getCertificateStore()).length);
        CSRRequestResponse asked = client.service(null).getCSRAttributes();
        System.out.print("csrattrs");
        if (asked.hasAttributesResponse())
            for (ASN1ObjectIdentifier type : asked.getAttributesResponse().getRequirements())
                System.out.print(" " + type);
        System.out.println();

        ESTAuth basic = new JcaHttpAuthBuilder(args[2], args[3].toCharArray()).build();
        KeyPair first = newKey();
        X509Certificate issued =
            client.enrolled(client.service(null).simpleEnroll(false, request(first), basic));
        System.out.println("enrolled " + issued.getSerialNumber().toString(16));

        KeyPair second = newKey();
        X509Certificate renewed = client.enrolled(
            client.service(keys(first, issued)).simpleEnroll(true, request(second), null));
        System.out.println("renewed " + renewed.getSerialNumber().toString(16));
        if (!renewed.getPublicKey().equals(second.getPublic()))
            throw new IllegalStateException("another key came back");

        EnrollmentResponse made =
            client.service(null).simpleEnrollWithServersideCreation(request(newKey()), basic);
        check(made.getPrivateKeyInfo(), client.enrolled(made));
        System.out.println("key made");
    }

    // The key that came is that of the certificate.
    static void check(PrivateKeyInfo key, X509Certificate certificate) throws Exception {
        byte[] text = "text".getBytes();
        Signature signer = Signature.getInstance("SHA256withECDSA", "BC");
        signer.initSign(BouncyCastleProvider.getPrivateKey(key));
        signer.update(text);
        byte[] signature = signer.sign();
        signer.initVerify(certificate.getPublicKey());
        signer.update(text);
        if (!signer.verify(signature)) throw new IllegalStateException("another key came");
    }
}
