// SPDX-License-Identifier: GPL-2.0
/*
 * Category 0: version of the patch, and why the last call failed.
 *
 * Command 0 is answered by the dispatcher: it takes any subcategory.
 */
#include "internal.h"

static long error_get(struct vc_request *req)
{
	return vc_error_read(req->data);
}

static const struct vc_command version_commands[] = {
	[VC_VERSION_ERROR] = {
		.name = "error",
		.doc = "why this thread's last call failed",
		.version = 1,
		.get = VC_METHOD(error_get, VC_KIND_IGNORED, VC_DATA_OUT,
				 struct vc_error),
	},
};

VC_DECLARE_CATEGORY(version, VC_CAT_VERSION, 1, version_commands);
