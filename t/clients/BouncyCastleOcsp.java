// Bouncy Castle as a client of OCSP, and the JDK's own revocation checker with OCSP and with
// CRLs. A line for each certificate and way: "ocsp good", "pkix-ocsp revoked", "pkix-crl good".
//
//     java -cp bcpkix.jar:bcprov.jar:bcutil.jar BouncyCastleOcsp.java URL NONCE CHAIN.pem LEAF.pem...
// NONCE: yes or no. CHAIN.pem: the issuing certificate, then the root.

import java.io.FileInputStream;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.URI;
import java.net.URL;
import java.security.SecureRandom;
import java.security.cert.CertPath;
import java.security.cert.CertPathValidator;
import java.security.cert.CertPathValidatorException;
import java.security.cert.CertificateFactory;
import java.security.cert.PKIXParameters;
import java.security.cert.PKIXRevocationChecker;
import java.security.cert.TrustAnchor;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.bouncycastle.asn1.DEROctetString;
import org.bouncycastle.asn1.ocsp.OCSPObjectIdentifiers;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.Extensions;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateHolder;
import org.bouncycastle.cert.ocsp.BasicOCSPResp;
import org.bouncycastle.cert.ocsp.CertificateID;
import org.bouncycastle.cert.ocsp.CertificateStatus;
import org.bouncycastle.cert.ocsp.OCSPReq;
import org.bouncycastle.cert.ocsp.OCSPReqBuilder;
import org.bouncycastle.cert.ocsp.OCSPResp;
import org.bouncycastle.cert.ocsp.RevokedStatus;
import org.bouncycastle.operator.jcajce.JcaContentVerifierProviderBuilder;
import org.bouncycastle.operator.jcajce.JcaDigestCalculatorProviderBuilder;

public class BouncyCastleOcsp {
    static List<X509Certificate> read(String file) throws Exception {
        List<X509Certificate> found = new ArrayList<>();
        try (InputStream in = new FileInputStream(file)) {
            for (var c : CertificateFactory.getInstance("X.509").generateCertificates(in))
                found.add((X509Certificate) c);
        }
        return found;
    }

    static void require(boolean holds, String what) {
        if (!holds) throw new IllegalStateException(what);
    }

    static byte[] ask(String url, byte[] request) throws Exception {
        HttpURLConnection http = (HttpURLConnection) new URL(url).openConnection();
        http.setDoOutput(true);
        http.setRequestProperty("Content-Type", "application/ocsp-request");
        http.getOutputStream().write(request);
        require(http.getResponseCode() == 200, "status " + http.getResponseCode());
        require(http.getContentType().equals("application/ocsp-response"), http.getContentType());
        return http.getInputStream().readAllBytes();
    }

    // RFC 6960 3.2: all that a client has to look at.
    static void check(BasicOCSPResp answer, X509CertificateHolder issuer) throws Exception {
        X509CertificateHolder responder = answer.getCerts()[0];
        JcaContentVerifierProviderBuilder keys = new JcaContentVerifierProviderBuilder();
        require(responder.isSignatureValid(keys.build(issuer)), "the responder's certificate");
        require(answer.isSignatureValid(keys.build(responder)), "the signature");
        require(responder.getExtensions().getExtension(
            OCSPObjectIdentifiers.id_pkix_ocsp_nocheck) != null, "no ocsp-nocheck");
    }

    static String status(String url, boolean nonce, X509Certificate issuer, X509Certificate leaf)
            throws Exception {
        X509CertificateHolder holder = new JcaX509CertificateHolder(issuer);
        CertificateID id = new CertificateID(
            new JcaDigestCalculatorProviderBuilder().build().get(CertificateID.HASH_SHA1), holder,
            leaf.getSerialNumber());
        OCSPReqBuilder builder = new OCSPReqBuilder().addRequest(id);
        byte[] value = new byte[32];
        new SecureRandom().nextBytes(value);
        Extension sent = new Extension(OCSPObjectIdentifiers.id_pkix_ocsp_nonce, false,
            new DEROctetString(new DEROctetString(value)));
        if (nonce) builder.setRequestExtensions(new Extensions(sent));
        OCSPReq request = builder.build();
        OCSPResp response = new OCSPResp(ask(url, request.getEncoded()));
        require(response.getStatus() == OCSPResp.SUCCESSFUL, "status " + response.getStatus());
        BasicOCSPResp answer = (BasicOCSPResp) response.getResponseObject();
        check(answer, holder);
        if (nonce)
            require(Arrays.equals(answer.getExtension(OCSPObjectIdentifiers.id_pkix_ocsp_nonce)
                .getExtnValue().getOctets(), sent.getExtnValue().getOctets()), "the nonce");
        require(answer.getResponses()[0].getCertID().equals(id), "another certificate");
        CertificateStatus status = answer.getResponses()[0].getCertStatus();
        if (status == CertificateStatus.GOOD) return "good";
        if (status instanceof RevokedStatus revoked)
            return "revoked " + (revoked.hasRevocationReason() ? revoked.getRevocationReason() : 0);
        return "unknown";
    }

    static String pkix(List<X509Certificate> chain, X509Certificate leaf, String url, boolean crl)
            throws Exception {
        CertPathValidator validator = CertPathValidator.getInstance("PKIX");
        PKIXRevocationChecker checker = (PKIXRevocationChecker) validator.getRevocationChecker();
        EnumSet<PKIXRevocationChecker.Option> options =
            EnumSet.of(PKIXRevocationChecker.Option.NO_FALLBACK,
                PKIXRevocationChecker.Option.ONLY_END_ENTITY);
        if (crl) options.add(PKIXRevocationChecker.Option.PREFER_CRLS);
        else checker.setOcspResponder(new URI(url));
        checker.setOptions(options);
        PKIXParameters parameters =
            new PKIXParameters(Set.of(new TrustAnchor(chain.get(chain.size() - 1), null)));
        parameters.addCertPathChecker(checker);
        CertPath path = CertificateFactory.getInstance("X.509").generateCertPath(
            List.of(leaf, chain.get(0)));
        try {
            validator.validate(path, parameters);
            return "good";
        } catch (CertPathValidatorException e) {
            if (e.getReason() == CertPathValidatorException.BasicReason.REVOKED)
                return "revoked";
            return "refused: " + e.getMessage();
        }
    }

    public static void main(String[] args) throws Exception {
        System.setProperty("com.sun.security.enableCRLDP", "true");
        List<X509Certificate> chain = read(args[2]);
        for (int i = 3; i < args.length; i++) {
            X509Certificate leaf = read(args[i]).get(0);
            System.out.println("ocsp " + status(args[0], args[1].equals("yes"), chain.get(0), leaf));
            System.out.println("pkix-ocsp " + pkix(chain, leaf, args[0], false));
            System.out.println("pkix-crl " + pkix(chain, leaf, args[0], true));
        }
    }
}
