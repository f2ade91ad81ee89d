module eks-jobs.local/karpenter-aws

go 1.26.0

// Only its custom resource definitions are used.
require github.com/aws/karpenter-provider-aws v1.14.1
