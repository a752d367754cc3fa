//go:build bench

package bench

import (
	"context"
	"fmt"
	"path/filepath"

	authenticationv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/tanist-dev/tanist/config"
)

// tokenSeconds is longer than any run.
const tokenSeconds = int64(6 * 60 * 60)

// account returns a kubeconfig with nothing but the rights of a ServiceAccount.
func (a *target) account(namespace, name string) (file string) {
	a.t.Helper()
	admin := adminConfig(a.t)
	file = filepath.Join(a.t.TempDir(), "kubeconfig")
	kubeconfig := clientcmdapi.NewConfig()
	kubeconfig.Clusters["cluster"] = &clientcmdapi.Cluster{
		Server: admin.Host, CertificateAuthority: admin.CAFile, CertificateAuthorityData: admin.CAData, InsecureSkipTLSVerify: admin.Insecure,
	}
	kubeconfig.AuthInfos[name] = &clientcmdapi.AuthInfo{Token: a.token(namespace, name)}
	kubeconfig.Contexts[name] = &clientcmdapi.Context{Cluster: "cluster", AuthInfo: name, Namespace: namespace}
	kubeconfig.CurrentContext = name
	a.must(clientcmd.WriteToFile(*kubeconfig, file))
	return file
}

func (a *target) token(namespace, name string) string {
	a.t.Helper()
	request, err := a.client.CoreV1().ServiceAccounts(namespace).CreateToken(a.t.Context(), name,
		&authenticationv1.TokenRequest{Spec: authenticationv1.TokenRequestSpec{ExpirationSeconds: new(tokenSeconds)}}, metav1.CreateOptions{})
	a.must(err)
	return request.Status.Token
}

// createAccount creates a ServiceAccount.
func (a *target) createAccount(namespace, name string) rbacv1.Subject {
	a.t.Helper()
	_, err := a.client.CoreV1().ServiceAccounts(namespace).Create(a.t.Context(),
		&corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: name}}, metav1.CreateOptions{})
	a.must(err)
	return rbacv1.Subject{Kind: "ServiceAccount", Namespace: namespace, Name: name}
}

// metricsReader returns a token that may read the replicas' metrics.
func (a *target) metricsReader() (token string) {
	a.t.Helper()
	const name = "bench-reader"
	_, err := a.client.RbacV1().ClusterRoleBindings().Create(a.t.Context(), &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: configurationName + "-metrics-reader"},
		Subjects:   []rbacv1.Subject{a.createAccount(tanistNamespace, name)},
	}, metav1.CreateOptions{})
	a.must(err)
	return a.token(tanistNamespace, name)
}

// tenant returns the kubeconfig of a ServiceAccount that may edit what is in a namespace, and nothing elsewhere. Readiness is part of a
// pod's status, which no tenant may write: the right to do so stands for what a pod answers to its probe.
func (a *target) tenant(namespace string) (kubeconfig string) {
	a.t.Helper()
	const name = "tenant"
	subject := a.createAccount(namespace, name)
	_, err := a.client.RbacV1().Roles(namespace).Create(a.t.Context(), &rbacv1.Role{
		ObjectMeta: metav1.ObjectMeta{Name: "readiness"},
		Rules:      []rbacv1.PolicyRule{{APIGroups: []string{""}, Resources: []string{"pods/status"}, Verbs: []string{"patch"}}},
	}, metav1.CreateOptions{})
	a.must(err)
	for _, role := range []rbacv1.RoleRef{{Kind: "ClusterRole", Name: "edit"}, {Kind: "Role", Name: "readiness"}} {
		role.APIGroup = rbacv1.GroupName
		_, err := a.client.RbacV1().RoleBindings(namespace).Create(a.t.Context(), &rbacv1.RoleBinding{
			ObjectMeta: metav1.ObjectMeta{Name: role.Name}, RoleRef: role, Subjects: []rbacv1.Subject{subject},
		}, metav1.CreateOptions{})
		a.must(err)
	}
	review := &authorizationv1.SubjectAccessReview{Spec: authorizationv1.SubjectAccessReviewSpec{
		User:               "system:serviceaccount:" + namespace + ":" + name,
		ResourceAttributes: &authorizationv1.ResourceAttributes{Namespace: namespace, Verb: "patch", Resource: "services"},
	}}
	a.must(a.await("the tenant has its rights", func(ctx context.Context) (bool, error) {
		answer, err := a.client.AuthorizationV1().SubjectAccessReviews().Create(ctx, review, metav1.CreateOptions{})
		return err == nil && answer.Status.Allowed, err
	}))
	return a.account(namespace, name)
}

// optIn labels a namespace.
func (a *target) optIn(namespace string) {
	a.t.Helper()
	patch := fmt.Sprintf(`{"metadata":{"labels":{%q:"true"}}}`, config.EnabledKey)
	_, err := a.client.CoreV1().Namespaces().Patch(a.t.Context(), namespace, types.MergePatchType, []byte(patch), metav1.PatchOptions{})
	a.must(err)
}

// remove deletes a namespace and waits until all of it is gone.
func (a *target) remove(namespace string) {
	a.t.Helper()
	a.must(a.client.CoreV1().Namespaces().Delete(a.t.Context(), namespace, metav1.DeleteOptions{}))
	a.must(a.await("namespace "+namespace+" is gone", func(ctx context.Context) (bool, error) {
		_, err := a.client.CoreV1().Namespaces().Get(ctx, namespace, metav1.GetOptions{})
		return apierrors.IsNotFound(err), ignoreNotFound(err)
	}))
}
