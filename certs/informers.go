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

// newInformers are of three objects, by their names. They are not the manager's: its cache must sync before anything starts, and
// these cannot as long as cert-manager's API is missing.
func newInformers(mgr manager.Manager, o Options) (ctrlcache.Cache, error) {
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{admissionregistrationv1.AddToScheme, certmanagerv1.AddToScheme} {
		if err := add(scheme); err != nil {
			return nil, err
		}
	}
	// The kinds are known, so that nothing is asked of an API that may be missing.
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
				fields.OneTermEqualSelector("metadata.name", certificateName),
			)},
		},
	})
}

// quietWhenMissing leaves an API that does not exist to the gauge; the reflector asks again, ever more rarely, at most every minute.
func quietWhenMissing(ctx context.Context, r *toolscache.Reflector, err error) {
	if !apierrors.IsNotFound(err) {
		toolscache.DefaultWatchErrorHandler(ctx, r, err)
	}
}
