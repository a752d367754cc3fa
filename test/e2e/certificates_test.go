//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/util/cert"
	"k8s.io/client-go/util/keyutil"

	"github.com/tanist-dev/tanist/test/env"
)

const (
	// caName and servingName are the names of Certificates and of their Secrets.
	caName      = "tanist-ca"
	servingName = "tanist-serving"
	// configurationName is that of both webhook configurations.
	configurationName = env.TanistNamespace + "-tanist"
	// serverName is what the API server expects in the certificate.
	serverName = "tanist." + env.TanistNamespace + ".svc"
)

// issueExpired writes a serving certificate into the Secret. It expired a minute ago, and is issued by the CA that the API server trusts.
func issueExpired(t *testing.T, client kubernetes.Interface) (leaf []byte) {
	t.Helper()
	ca := secret(t, client, caName)
	parents, err := cert.ParseCertsPEM(ca.Data[corev1.TLSCertKey])
	if err != nil {
		t.Fatal(err)
	}
	signer, err := keyutil.ParsePrivateKeyPEM(ca.Data[corev1.TLSPrivateKeyKey])
	if err != nil {
		t.Fatal(err)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	leaf, err = x509.CreateCertificate(rand.Reader, &x509.Certificate{
		SerialNumber: big.NewInt(now.UnixNano()), DNSNames: []string{serverName},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(-time.Minute),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}, parents[0], key.Public(), signer)
	if err != nil {
		t.Fatal(err)
	}
	keyPEM, err := keyutil.MarshalPrivateKeyToPEM(key)
	if err != nil {
		t.Fatal(err)
	}
	patch, err := json.Marshal(map[string]any{"data": map[string][]byte{
		corev1.TLSCertKey:       pem.EncodeToMemory(&pem.Block{Type: cert.CertificateBlockType, Bytes: leaf}),
		corev1.TLSPrivateKeyKey: keyPEM,
	}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.CoreV1().Secrets(env.TanistNamespace).
		Patch(t.Context(), servingName, types.MergePatchType, patch, metav1.PatchOptions{}); err != nil {
		t.Fatal(err)
	}
	return leaf
}

func secret(t *testing.T, client kubernetes.Interface, name string) *corev1.Secret {
	t.Helper()
	s, err := client.CoreV1().Secrets(env.TanistNamespace).Get(t.Context(), name, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// awaitServed waits until every replica serves a certificate for which f returns nil. It changes the pods, so that the kubelets read the
// Secret now and not within a minute or so.
func awaitServed(t *testing.T, client kubernetes.Interface, what string, f func(*x509.Certificate) error) {
	t.Helper()
	env.Occasionally(t, "every replica serves "+what, func(ctx context.Context) error {
		pods, err := env.ReadyReplicas(ctx, client)
		if err != nil {
			return err
		}
		if len(pods) == 0 {
			return errors.New("no replica is ready")
		}
		for _, pod := range pods {
			served, err := servedBy(ctx, &pod)
			if err != nil {
				return err
			}
			wrong := f(served)
			if wrong == nil {
				continue
			}
			if err := touch(ctx, client, pod.Name); err != nil {
				return err
			}
			return fmt.Errorf("%s: %w", pod.Name, wrong)
		}
		return nil
	})
}

// touch changes a replica's pod.
func touch(ctx context.Context, client kubernetes.Interface, pod string) error {
	patch := fmt.Appendf(nil, `{"metadata":{"annotations":{"e2e.tanist.dev/touched":%q}}}`, time.Now().String())
	_, err := client.CoreV1().Pods(env.TanistNamespace).Patch(ctx, pod, types.MergePatchType, patch, metav1.PatchOptions{})
	return err
}

// servedBy is the certificate that a replica serves, whether it can be trusted or not.
func servedBy(ctx context.Context, pod *corev1.Pod) (*x509.Certificate, error) {
	dialer := tls.Dialer{Config: &tls.Config{InsecureSkipVerify: true}}
	connection, err := dialer.DialContext(ctx, "tcp", net.JoinHostPort(pod.Status.PodIP, "10250"))
	if err != nil {
		return nil, err
	}
	defer connection.Close()
	return connection.(*tls.Conn).ConnectionState().PeerCertificates[0], nil
}

// isCertificate returns nil for one certificate.
func isCertificate(der []byte) func(*x509.Certificate) error {
	return func(served *x509.Certificate) error {
		if !bytes.Equal(served.Raw, der) {
			return fmt.Errorf("it still serves number %v, valid until %v", served.SerialNumber, served.NotAfter)
		}
		return nil
	}
}

// awaitRenewed waits until the Secret has another certificate than before, and every replica serves it and can be trusted.
func awaitRenewed(t *testing.T, client kubernetes.Interface, before []byte) {
	t.Helper()
	env.Eventually(t, "another certificate is in the Secret", func(context.Context) error {
		if bytes.Equal(secret(t, client, servingName).Data[corev1.TLSCertKey], before) {
			return errors.New("it is the same")
		}
		return nil
	})
	leaf, err := cert.ParseCertsPEM(secret(t, client, servingName).Data[corev1.TLSCertKey])
	if err != nil {
		t.Fatal(err)
	}
	awaitServed(t, client, "it", isCertificate(leaf[0].Raw))
	awaitServed(t, client, "what the API server trusts", isTrusted(t, client))
}
