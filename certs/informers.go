package certs

import (
	"context"

	certmanagerv1 "github.com/cert-manager/cert-manager/pkg/apis/certmanager/v1"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	toolscache "k8s.io/client-go/tools/cache"
	ctrlcache "sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/manager"
)

// newAPIs returns the types of the objects, and a mapper that knows their kinds. So it makes no request to an API that may be missing.
func newAPIs() (*runtime.Scheme, meta.RESTMapper, error) {
	scheme, mapper := runtime.NewScheme(), meta.NewDefaultRESTMapper(nil)
	for _, add := range []func(*runtime.Scheme) error{
		admissionregistrationv1.AddToScheme, certmanagerv1.AddToScheme, corev1.AddToScheme,
	} {
		if err := add(scheme); err != nil {
			return nil, nil, err
		}
	}
	mapper.Add(admissionregistrationv1.SchemeGroupVersion.WithKind(kindValidating), meta.RESTScopeRoot)
	mapper.Add(admissionregistrationv1.SchemeGroupVersion.WithKind(kindMutating), meta.RESTScopeRoot)
	mapper.Add(certmanagerv1.SchemeGroupVersion.WithKind(certmanagerv1.CertificateKind), meta.RESTScopeNamespace)
	mapper.Add(corev1.SchemeGroupVersion.WithKind("Secret"), meta.RESTScopeNamespace)
	return scheme, mapper, nil
}

// newInformers returns a cache of three objects, selected by name. It is not the manager's cache: that one must sync before anything
// starts, and this one cannot sync while cert-manager's API is missing.
func newInformers(mgr manager.Manager, o Options, scheme *runtime.Scheme, mapper meta.RESTMapper) (ctrlcache.Cache, error) {
	configuration := fields.OneTermEqualSelector("metadata.name", o.WebhookConfiguration)
	return ctrlcache.New(mgr.GetConfig(), ctrlcache.Options{
		HTTPClient: mgr.GetHTTPClient(), Scheme: scheme, Mapper: mapper,
		DefaultTransform:         ctrlcache.TransformStripManagedFields(),
		DefaultWatchErrorHandler: quietWhenMissing,
		ByObject: map[client.Object]ctrlcache.ByObject{
			&admissionregistrationv1.ValidatingWebhookConfiguration{}: {Field: configuration},
			&admissionregistrationv1.MutatingWebhookConfiguration{}:   {Field: configuration},
			&certmanagerv1.Certificate{}:                              {Field: named(o.Namespace, CertificateName)},
			&corev1.Secret{}:                                          {Field: named(o.Namespace, SelfManagedSecret)},
		},
	})
}

func named(namespace, name string) fields.Selector {
	return fields.AndSelectors(
		fields.OneTermEqualSelector("metadata.namespace", namespace), fields.OneTermEqualSelector("metadata.name", name),
	)
}

// quietWhenMissing logs nothing about an API that does not exist: the gauge tanist_certificate_ready shows that. The reflector retries with
// growing delays, up to a minute.
func quietWhenMissing(ctx context.Context, r *toolscache.Reflector, err error) {
	if !apierrors.IsNotFound(err) {
		toolscache.DefaultWatchErrorHandler(ctx, r, err)
	}
}
