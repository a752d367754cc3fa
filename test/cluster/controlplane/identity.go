package controlplane

import (
	"crypto"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"time"

	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/kwok/pkg/kwokctl/pki"
)

// CAFile is the certificate of the cluster's CA, which kubelets verify their clients with.
func (c Config) CAFile() string { return c.pki("ca.crt") }

// WriteIdentity writes a kubeconfig for a user of its own, so that kubelets and kube-proxies have the rights they have
// in any cluster and no more, and admission sees who they are.
func (c Config) WriteIdentity(path, user string, groups ...string) error {
	ca, err := os.ReadFile(c.CAFile())
	if err != nil {
		return err
	}
	pair, err := tls.LoadX509KeyPair(c.CAFile(), c.pki("ca.key"))
	if err != nil {
		return fmt.Errorf("failed to load the cluster's CA: %w", err)
	}
	parent, err := x509.ParseCertificate(pair.Certificate[0])
	if err != nil {
		return fmt.Errorf("failed to parse the cluster's CA: %w", err)
	}
	signer, ok := pair.PrivateKey.(crypto.Signer)
	if !ok {
		return errors.New("the key of the cluster's CA cannot sign")
	}
	now := time.Now()
	cert, key, err := pki.GenerateSignCert(user, parent, signer, now.Add(-time.Hour), now.AddDate(1, 0, 0), groups, nil)
	if err != nil {
		return fmt.Errorf("failed to issue a certificate for %s: %w", user, err)
	}
	keyPEM, err := pki.EncodePrivateKeyToPEM(key)
	if err != nil {
		return fmt.Errorf("failed to encode the key of %s: %w", user, err)
	}
	return clientcmd.WriteToFile(kubeconfig(c.Address, c.Port, ca, pki.EncodeCertToPEM(cert), keyPEM), path)
}
