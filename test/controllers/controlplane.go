package controllers

import "sigs.k8s.io/controller-runtime/pkg/envtest"

// ControlPlane returns an API server and an etcd that have not been started. A start that takes longer than the 20 s of envtest's own limit
// would be given up and begun again, which keeps a busy machine busy.
func ControlPlane() *envtest.Environment {
	return &envtest.Environment{ControlPlaneStartTimeout: timeout, ControlPlaneStopTimeout: timeout}
}
