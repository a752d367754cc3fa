package main

import (
	"context"
	"fmt"
	"time"

	controllerpkg "github.com/cert-manager/cert-manager/pkg/controller"
	"github.com/cert-manager/cert-manager/pkg/controller/certificaterequests/approver"
	requestsca "github.com/cert-manager/cert-manager/pkg/controller/certificaterequests/ca"
	requestsselfsigned "github.com/cert-manager/cert-manager/pkg/controller/certificaterequests/selfsigned"
	"github.com/cert-manager/cert-manager/pkg/controller/certificates/issuing"
	"github.com/cert-manager/cert-manager/pkg/controller/certificates/keymanager"
	"github.com/cert-manager/cert-manager/pkg/controller/certificates/readiness"
	"github.com/cert-manager/cert-manager/pkg/controller/certificates/requestmanager"
	"github.com/cert-manager/cert-manager/pkg/controller/certificates/revisionmanager"
	"github.com/cert-manager/cert-manager/pkg/controller/certificates/trigger"
	"github.com/cert-manager/cert-manager/pkg/controller/clusterissuers"
	"github.com/cert-manager/cert-manager/pkg/controller/issuers"
	_ "github.com/cert-manager/cert-manager/pkg/issuer/ca"         // the issuers controllers look issuer types up in a registry
	_ "github.com/cert-manager/cert-manager/pkg/issuer/selfsigned" // likewise
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/manager"
)

// workers per controller, upstream's default.
const workers = 5

// runnable is something the manager starts and waits for.
type runnable = manager.RunnableFunc

// controllers are those it takes from an issuer to a renewed leaf; importing one registers it. Without the approver nothing is
// ever issued.
var controllers = []string{
	issuers.ControllerName,
	clusterissuers.ControllerName,
	trigger.ControllerName,
	keymanager.ControllerName,
	requestmanager.ControllerName,
	approver.ControllerName,
	requestsca.CRControllerName,
	requestsselfsigned.CRControllerName,
	issuing.ControllerName,
	readiness.ControllerName,
	revisionmanager.ControllerName,
}

// contextOptions are upstream's defaults, which live in a package that only upstream may import; the rate limit is for a server
// without API priority and fairness.
func contextOptions(o options) controllerpkg.ContextOptions {
	return controllerpkg.ContextOptions{
		Kubeconfig:         o.kubeconfig,
		KubernetesAPIQPS:   20,
		KubernetesAPIBurst: 50,
		IssuerOptions:      controllerpkg.IssuerOptions{ClusterResourceNamespace: o.namespace},
		CertificateOptions: controllerpkg.CertificateOptions{
			CopiedAnnotationPrefixes:                 []string{"*", "-kubectl.kubernetes.io/", "-fluxcd.io/", "-argocd.argoproj.io/"},
			CertificateRequestMinimumBackoffDuration: time.Hour,
			CertificateRequestMaximumBackoffDuration: 32 * time.Hour,
		},
	}
}

// addIssuance adds the controllers that turn issuers and Certificates into Secrets.
func addIssuance(mgr ctrl.Manager, factory *controllerpkg.ContextFactory) error {
	for _, name := range controllers {
		c, err := controllerpkg.Known()[name](factory)
		if err != nil {
			return fmt.Errorf("failed to build controller %s: %w", name, err)
		}
		start := func(ctx context.Context) error { return c.Run(workers, ctx) }
		if err := mgr.Add(runnable(start)); err != nil {
			return fmt.Errorf("failed to add controller %s: %w", name, err)
		}
	}
	return nil
}
