package main

import (
	"context"
	"errors"
	"fmt"

	certmanagerv1 "github.com/cert-manager/cert-manager/pkg/apis/certmanager/v1"
	certmanagerscheme "github.com/cert-manager/cert-manager/pkg/client/clientset/versioned/scheme"
	"github.com/cert-manager/cert-manager/pkg/controller/cainjector"
	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	kubernetesscheme "k8s.io/client-go/kubernetes/scheme"
	apiregistrationv1 "k8s.io/kube-aggregator/pkg/apis/apiregistration/v1"
	ctrl "sigs.k8s.io/controller-runtime"
	ctrlcache "sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// injectorScheme holds what the injector reads and writes.
func injectorScheme() (*runtime.Scheme, error) {
	scheme := runtime.NewScheme()
	err := errors.Join(
		kubernetesscheme.AddToScheme(scheme),
		certmanagerscheme.AddToScheme(scheme),
		apiextensionsv1.AddToScheme(scheme),
		apiregistrationv1.AddToScheme(scheme),
	)
	if err != nil {
		return nil, fmt.Errorf("failed to build the scheme: %w", err)
	}
	return scheme, nil
}

// addInjector adds the controllers that write CA bundles, one per injectable kind.
func addInjector(ctx context.Context, mgr ctrl.Manager) error {
	// Upstream asks for these informers when its controllers start, which is after the manager has waited for the cache; asked
	// for here they are part of the readiness, and a missing CRD is an error at once.
	secrets := &metav1.PartialObjectMetadata{}
	secrets.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("Secret"))
	for _, obj := range []client.Object{secrets, &certmanagerv1.Certificate{}} {
		if _, err := mgr.GetCache().GetInformer(ctx, obj, ctrlcache.BlockUntilSynced(false)); err != nil {
			return fmt.Errorf("failed to watch %T: %w", obj, err)
		}
	}
	err := cainjector.RegisterAllInjectors(ctx, mgr, cainjector.SetupOptions{
		EnableCertificatesDataSource: true,
		EnabledReconcilersFor: map[string]bool{
			cainjector.MutatingWebhookConfigurationName:   true,
			cainjector.ValidatingWebhookConfigurationName: true,
			cainjector.APIServiceName:                     true,
			cainjector.CustomResourceDefinitionName:       true,
		},
	})
	if err != nil {
		return fmt.Errorf("failed to add the CA injector: %w", err)
	}
	return nil
}
