package certs

import (
	"context"

	certmanagerv1 "github.com/cert-manager/cert-manager/pkg/apis/certmanager/v1"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	toolscache "k8s.io/client-go/tools/cache"
	ctrlcache "sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/manager"
)

// newInformers returns a cache of three objects, selected by name. It is not the manager's cache: that one must sync before anything
// starts, and this one cannot sync while cert-manager's API is missing.
func newInformers(mgr manager.Manager, o Options) (ctrlcache.Cache, error) {
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{admissionregistrationv1.AddToScheme, certmanagerv1.AddToScheme} {
		if err := add(scheme); err != nil {
			return nil, err
		}
	}
	// The mapper knows the kinds, so it makes no request to an API that may be missing.
	mapper := meta.NewDefaultRESTMapper(nil)
	mapper.Add(admissionregistrationv1.SchemeGroupVersion.WithKind(kindValidating), meta.RESTScopeRoot)
	mapper.Add(admissionregistrationv1.SchemeGroupVersion.WithKind(kindMutating), meta.RESTScopeRoot)
	mapper.Add(certmanagerv1.SchemeGroupVersion.WithKind(certmanagerv1.CertificateKind), meta.RESTScopeNamespace)

	configuration := fields.OneTermEqualSelector("metadata.name", o.WebhookConfiguration)
	return ctrlcache.New(mgr.GetConfig(), ctrlcache.Options{
		HTTPClient: mgr.GetHTTPClient(), Scheme: scheme, Mapper: mapper,
		DefaultTransform:         ctrlcache.TransformStripManagedFields(),
		DefaultWatchErrorHandler: quietWhenMissing,
		ByObject: map[client.Object]ctrlcache.ByObject{
			&admissionregistrationv1.ValidatingWebhookConfiguration{}: {Field: configuration},
			&admissionregistrationv1.MutatingWebhookConfiguration{}:   {Field: configuration},
			&certmanagerv1.Certificate{}: {Field: fields.AndSelectors(
				fields.OneTermEqualSelector("metadata.namespace", o.Namespace),
				fields.OneTermEqualSelector("metadata.name", CertificateName),
			)},
		},
	})
}

// quietWhenMissing logs nothing about an API that does not exist: the gauge tanist_certificate_ready shows that. The reflector retries with
// growing delays, up to a minute.
func quietWhenMissing(ctx context.Context, r *toolscache.Reflector, err error) {
	if !apierrors.IsNotFound(err) {
		toolscache.DefaultWatchErrorHandler(ctx, r, err)
	}
}
