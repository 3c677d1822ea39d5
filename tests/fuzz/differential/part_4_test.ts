import { checkSample } from "../check_sample.ts";

checkSample(4);
