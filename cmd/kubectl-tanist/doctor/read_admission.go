package doctor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	certmanagerv1 "github.com/cert-manager/cert-manager/pkg/apis/certmanager/v1"

	"github.com/tanist-dev/tanist/certs"
	"github.com/tanist-dev/tanist/config"
)

// readAdmission reads the webhook configurations and the certificate.
func (r *reader) readAdmission(ctx context.Context, f *facts) error {
	name := config.WebhookConfiguration(r.tanistNamespace)
	validating, validatingErr := r.client.AdmissionregistrationV1().ValidatingWebhookConfigurations().Get(ctx, name, get)
	mutating, mutatingErr := r.client.AdmissionregistrationV1().MutatingWebhookConfigurations().Get(ctx, name, get)
	secret, secretErr := r.client.CoreV1().Secrets(r.tanistNamespace).Get(ctx, certs.CertificateName, get)
	selfManaged, selfManagedErr := r.client.CoreV1().Secrets(r.tanistNamespace).Get(ctx, certs.SelfManagedSecret, get)
	certificate, certificateErr := r.certificate(ctx)
	return errors.Join(
		answered(&f.validating, "webhook configurations", validating, validatingErr),
		answered(&f.mutating, "webhook configurations", mutating, mutatingErr),
		answered(&f.secret, "Secrets of namespace "+r.tanistNamespace, secret, secretErr),
		answered(&f.selfManagedSecret, "Secrets of namespace "+r.tanistNamespace, selfManaged, selfManagedErr),
		answered(&f.certificate, "Certificates of namespace "+r.tanistNamespace, certificate, certificateErr),
	)
}

// certificate reads the serving Certificate. Without cert-manager there is no such API, which the API server calls not found, too.
func (r *reader) certificate(ctx context.Context) (*certmanagerv1.Certificate, error) {
	path := fmt.Sprintf("/apis/%s/namespaces/%s/certificates/%s", certmanagerv1.SchemeGroupVersion, r.tanistNamespace, certs.CertificateName)
	text, err := r.client.CoreV1().RESTClient().Get().AbsPath(path).DoRaw(ctx)
	if err != nil {
		return nil, err
	}
	certificate := &certmanagerv1.Certificate{}
	if err := json.Unmarshal(text, certificate); err != nil {
		return nil, fmt.Errorf("failed to decode Certificate: %w", err)
	}
	return certificate, nil
}
